import Core
import Postgres

extension StepRun {
    /// From seven columns, an array each; none where they are null.
    static func all(from columns: inout ColumnReader) throws -> [StepRun] {
        let numbers: [Int] = try columns.next([Int]?.self) ?? []
        let names: [String] = try columns.next([String]?.self) ?? []
        let images: [String] = try columns.next([String]?.self) ?? []
        let statuses: [String] = try columns.next([String]?.self) ?? []
        let exitCodes: [Int] = try columns.next([Int]?.self) ?? []
        let starts: [Int64] = try columns.next([Int64]?.self) ?? []
        let ends: [Int64] = try columns.next([Int64]?.self) ?? []
        return numbers.indices.map { index in
            StepRun(
                number: numbers[index], name: names[index], image: images[index],
                status: Status(stored: statuses[index]), exitCode: exitCodes[index], startedAt: starts[index],
                finishedAt: ends[index])
        }
    }
}
