import Testing

@testable import Postgres

struct MigrationTests {
    @Test(arguments: ["0012_add_steps", "0012_add_steps.sql", "12_add_steps.up.sql"])
    func isNamedByItsFile(_ name: String) throws {
        let migration = try Migration(fileName: name, text: "select 1")
        #expect(migration == Migration(number: 12, name: "add_steps", sql: "select 1"))
    }

    @Test func saysInItsFirstLineThatItWantsNoTransaction() throws {
        let text = "-- skep: no transaction\nselect 1"
        #expect(try !Migration(fileName: "1_a", text: text).inTransaction)
        #expect(try Migration(fileName: "1_a", text: "\n" + text).inTransaction)
    }

    @Test(arguments: ["initial", "x_initial", "1", "_a", ""]) func refusesOtherNames(_ name: String) {
        #expect(throws: PostgresError.self) { try Migration(fileName: name, text: "") }
    }

    @Test(arguments: [
        ([], [1, 2, 3]), ([1], [2, 3]), ([1, 2, 3], []), ([1, 2, 3, 7], []),
    ])
    func pending(_ recorded: [Int], _ expected: [Int]) throws {
        #expect(try history().pending(recorded.map { record($0) }).map(\.number) == expected)
    }

    @Test(arguments: [
        [MigrationHistory.Record(number: 1, name: "other", checksum: "c1")],
        [MigrationHistory.Record(number: 1, name: "m1", checksum: "other")],
        [MigrationHistory.Record(number: 2, name: "m2", checksum: "c2")],
        [MigrationHistory.Record(number: 0, name: "m0", checksum: "c0")],
    ])
    func disagreementIsRefused(_ records: [MigrationHistory.Record]) {
        #expect(throws: PostgresError.self) { try history().pending(records) }
    }

    @Test func twoOfOneNumberAreRefused() {
        let twice = [Migration(number: 1, name: "a", sql: ""), Migration(number: 1, name: "b", sql: "")]
        #expect(throws: PostgresError.self) { try MigrationHistory(twice, checksums: ["", ""]) }
    }

    private func history() throws -> MigrationHistory {
        let migrations = (1...3).map { Migration(number: $0, name: "m\($0)", sql: "") }
        return try MigrationHistory(migrations.reversed(), checksums: ["c3", "c2", "c1"])
    }

    private func record(_ number: Int) -> MigrationHistory.Record {
        MigrationHistory.Record(number: number, name: "m\(number)", checksum: "c\(number)")
    }
}
