import Foundation
import Testing

@testable import Pipeline

/// docs/pipelines.md says what the code does, no more and no less.
struct DocumentationTests {
    private let document: [String]

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appending(path: "docs/pipelines.md")
        document = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
    }

    /// The cells of the table rows between a heading and the next.
    private func rows(under heading: String) -> [[String]] {
        let section = document.drop { $0 != heading }.dropFirst().prefix { !$0.hasPrefix("#") }
        return section.filter { $0.hasPrefix("| `") }.map { row in
            row.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
        }
    }

    private func names(_ cell: String) -> [String] {
        cell.split(separator: ",").map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " `")) }
    }

    @Test func listsTheVariables() {
        let documented = rows(under: "## Variables").flatMap { names($0[0]) }
        #expect(Set(documented) == Set(BuildVariable.all.map(\.name)))
        #expect(documented.count == Set(documented).count)
    }

    @Test func marksTheVariablesOfFreeText() {
        let rows = rows(under: "## Variables")
        let first = rows.filter { $0.last == "free text" }.flatMap { names($0[0]) }
        let free = Set(BuildVariable.all.filter(\.isFreeText).map(\.name))
        #expect(Set(first) == free.subtracting(["CI_COMMIT_AUTHOR_NAME", "DRONE_COMMIT_AUTHOR_NAME"]))
    }

    @Test func listsTheShortNames() {
        let rows = rows(under: "## Substitution").flatMap { names($0[0]) }
        #expect(Set(rows.filter(VariableName.isValid)) == Set(BuildVariable.short.map(\.name)))
    }

    @Test(
        arguments: [
            ("### Keys of the file", KeyTable.file), ("### Keys of a step", .step), ("### Keys of a service", .service),
            ("### Keys of `when`", .condition),
        ] as [(String, KeyTable)])
    func listsTheKeys(heading: String, table: KeyTable) {
        let documented = rows(under: heading).map { [names($0[0])[0], $0[1]] }
        let actual = table.rules.map { key, rule in [key, word(rule)] }
        #expect(Set(documented) == Set(actual))
        #expect(documented.count == actual.count)
    }

    @Test func listsTheOptionsOfTheClone() {
        let documented = rows(under: "### Clone").map { names($0[0])[0] }
        #expect(documented.sorted() == KeyTable.clone.rules.filter { $0.value == .read }.map(\.key).sorted())
    }

    private func word(_ rule: KeyTable.Rule) -> String {
        switch rule {
        case .read: "read"
        case .accepted: "accepted"
        case .refused: "refused"
        }
    }
}
