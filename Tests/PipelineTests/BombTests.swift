import Core
import Testing

@testable import Pipeline

/// Files that are small and cost much. Each must be refused, or read, in well under the time limit.
@Suite(.timeLimit(.minutes(10)))
struct BombTests {
    private static func levels(_ count: Int, _ line: (String, String) -> String) -> String {
        (1...count).map { line("l\($0)", "l\($0 - 1)") }.joined(separator: "\n")
    }

    private static let lists =
        "x-0: &l0 [a, a, a, a, a, a, a, a, a]\n"
        + levels(9) { name, last in
            "x-\(name): &\(name) [" + Array(repeating: "*\(last)", count: 9).joined(separator: ", ") + "]"
        }
    private static let mappings =
        "x-0: &l0 {a: 1, b: 2}\n"
        + levels(40) { name, last in
            "x-\(name): &\(name) {a: *\(last), b: *\(last)}"
        }
    private static let merges =
        "x-0: &l0 {a: 1}\n"
        + levels(40) { name, last in
            "x-\(name): &\(name) {<<: [*\(last), *\(last)], \(name): *\(last)}"
        }
    private static let keys =
        "x-0: &l0 [a, a]\n"
        + levels(60) { name, last in
            "x-\(name): &\(name) [*\(last), *\(last)]"
        } + "\nx-k: {? *l60 : a, ? [*l60] : b}"
    private static let text =
        "x-0: &l0 \(String(repeating: "a", count: 1000))\nx-1: &l1 [" + String(repeating: "*l0, ", count: 900)
        + "]\nx-2: [*l1, *l1]"
    private static let chain = "x-0: &l0 [a]\n" + levels(60) { name, last in "x-\(name): &\(name) [*\(last)]" }

    struct Bomb: Sendable, CustomTestStringConvertible {
        var name: String
        var words: String
        var yaml: String

        var testDescription: String { name }
    }

    private static let refused = [
        Bomb(name: "lists", words: "more than 10000 values", yaml: lists),
        Bomb(name: "mappings", words: "more than 10000 values", yaml: mappings),
        Bomb(name: "merges", words: "more than 10000 values", yaml: merges),
        Bomb(name: "aliases in keys", words: "more than 10000 values", yaml: keys),
        Bomb(name: "text", words: "1 MiB of text", yaml: text),
        Bomb(name: "a deep chain", words: "nested more than 50", yaml: chain),
        Bomb(name: "open lists", words: "nest", yaml: String(repeating: "[", count: 900_000)),
        Bomb(name: "open mappings", words: "nest", yaml: String(repeating: "{a: ", count: 200_000)),
        Bomb(name: "dashes", words: "nest", yaml: String(repeating: "- ", count: 500_000)),
        Bomb(name: "question marks", words: "nest", yaml: String(repeating: "? ", count: 500_000)),
        Bomb(name: "800 levels", words: "nested more than 50", yaml: nested("[", 800, "]")),
        Bomb(name: "800 levels of keys", words: "a key must be text", yaml: nested("? [", 800, "]")),
        Bomb(name: "items", words: "more than 10000 values", yaml: "x: [" + nested("a,", 500_000, "") + "]"),
        Bomb(name: "keys", words: "more than 10000 values", yaml: (1...70_000).map { "k\($0): a\n" }.joined()),
        Bomb(name: "few enough", words: "no steps", yaml: (1...4900).map { "x-\($0): a\n" }.joined()),
    ]

    private static func nested(_ open: String, _ count: Int, _ close: String) -> String {
        String(repeating: open, count: count) + String(repeating: close, count: count)
    }

    @Test(arguments: refused)
    func isRefused(bomb: Bomb) async {
        // On the small stack of a task's thread.
        let error = await Task.detached { failure(of: bomb.yaml.utf8) }.value
        #expect(error?.message.contains(bomb.words) == true, "\(error?.description ?? "")")
    }

    @Test func anAnchorCannotHoldItself() {
        #expect(failure(of: "x-a: &a [*a]\n\(oneStep)".utf8)?.message.contains("nothing above is marked &a") == true)
    }

    @Test func modestAliasesAreFine() throws {
        _ = try configuration("x-0: &l0 [a, b]\nx-1: &l1 [*l0, *l0]\nx-2: [*l1, *l1]\n" + oneStep)
    }

    @Test func anAnchorMayBeSetAgain() throws {
        let steps = try steps("x-a: &a one\nx-b: [*a, &a two]\nsteps: {t: {image: *a, commands: [*a, '*a', x *a]}}")
        #expect(steps.first?.image == "two")
        #expect(steps.first?.commands == ["two", "*a", "x *a"])
    }

    /// `*` is hidden from Yams behind a character that the file does not use; one in the file stays itself.
    @Test func privateCharactersStay() throws {
        let steps = try steps("steps: {t: {commands: [\"\u{E000}*\", \"\\uE001*\"]}}")
        #expect(steps.first?.commands == ["\u{E000}*", "\u{E001}*"])
    }
}
