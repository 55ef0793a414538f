import Core
import Testing

@testable import Pipeline

struct SubstitutionTests {
    private static let cell: Variables = [
        "FOO": "one", "FOO_BAR": "two", "REF": "refs/heads/main", "EMPTY": "", "QUOTE": "a\"b\\c\nd", "NEST": "$$FOO",
        "UNI": "日本語é",
    ]

    private func text(_ text: String, _ context: PlanContext = context(), inCommand: Bool = false) throws -> String {
        var budget = 1 << 20
        let substitution = Substitution(context: context, cell: Self.cell)
        return try substitution.apply(to: text, inCommand: inCommand, budget: &budget)
    }

    @Test(
        arguments: [
            ("$$FOO", "one"), ("a$$FOO.b", "aone.b"), ("$$FOO_BAR", "two"), ("$$FOO_BAZ", "one_BAZ"),
            ("$$FOOD", "oneD"),
            ("$$FO", "$$FO"), ("$$UNKNOWN", "$$UNKNOWN"), ("$$", "$$"), ("$", "$"), ("100$", "100$"),
            ("$$FOO$$FOO", "oneone"),
            ("\"$$FOO\"", "\"one\""), ("\"$$QUOTE\"", "\"a\\\"b\\\\c\\nd\""), ("$$QUOTE", "a\"b\\c\nd"),
            ("\"$$QUOTE", "\"a\"b\\c\nd"), ("'$$QUOTE'", "'a\"b\\c\nd'"),
            ("$${FOO}", "one"), ("$${FOO}_BAR", "one_BAR"), ("$${UNKNOWN}", "$${UNKNOWN}"), ("$${FOO", "$${FOO"),
            ("$${}", "$${}"),
            ("$${REF##refs/}", "heads/main"), ("$${REF##heads}", "refs/heads/main"), ("$${REF%%/main}", "refs/heads"),
            ("$${REF#refs/}", "$${REF#refs/}"), ("$${REF##}", "$${REF##}"),
            ("$${EMPTY=none}", "none"), ("$${FOO=none}", "one"), ("$${UNKNOWN=none}", "none"), ("$${EMPTY=}", ""),
            ("$${REF/e/E}", "rEfs/hEads/main"), ("$${REF/refs/}", "/heads/main"), ("$${REF//x}", "$${REF//x}"),
            ("$${REF/refs/heads}", "heads/heads/main"), ("$${REF/x}", "$${REF/x}"), ("$${UNI/本/x}", "日x語é"),
            ("$${REF=${FOO}}", "$${REF=one}"), ("$${FOO=a=b/c:d}", "one"), ("$${EMPTY=a=b/c:d}", "a=b/c:d"),
            ("$${REF:4}", "refs"), ("$${REF:5:5}", "heads"), ("$${REF:0}", ""), ("$${REF:99}", "refs/heads/main"),
            ("$${REF:99:2}", ""), ("$${REF:-1}", "$${REF:-1}"), ("$${REF:}", "$${REF:}"),
            ("$${REF:1:2:3}", "$${REF:1:2:3}"),
            ("$${REF:9999999999}", "$${REF:9999999999}"), ("$${UNI:2}", "日本"), ("$${UNI:3:1}", "é"),
            ("${FOO}", "one"), ("x${FOO}y${REF}", "xoneyrefs/heads/main"), ("${UNKNOWN}", "${UNKNOWN}"),
            ("${FOO:-x}", "${FOO:-x}"),
            ("${FOO##o}", "${FOO##o}"), ("${FOO", "${FOO"), ("${}", "${}"), ("${#FOO}", "${#FOO}"),
            ("$FOO", "$FOO"), ("$FOO_BAR$1$@", "$FOO_BAR$1$@"), ("$(FOO)", "$(FOO)"),
            ("$$$FOO", "$FOO"), ("$$${FOO}", "${FOO}"), ("$$$UNKNOWN", "$$$UNKNOWN"), ("$$$${FOO}", "$${FOO}"),
            ("$$NEST", "$$FOO"), ("${NEST}", "$$FOO"), ("${EMPTY}", ""),
            ("$$BRANCH $$BUILD_NUMBER", "main 42"), ("$$COMMIT_SHORT", "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d"),
            ("${COMMIT}", "7fd1a60b01f91b314f59955a4e4d4e80d8edf11d"), ("${DRONE_REPO}", "octocat/hello"),
            ("$$CI_BRANCH", "main"),
            ("$$TAG", "$$TAG"), ("$${TAG=latest}", "latest"), ("${DRONE_TAG}", ""), ("${TAG}", "${TAG}"),
        ] as [(String, String)])
    func table(written: String, expected: String) throws {
        #expect(try text(written) == expected)
    }

    /// Each would take minutes if the work were not bounded.
    @Test(
        .timeLimit(.minutes(10)),
        arguments: [
            ("$${A", 200_000, "}"), ("$$", 500_000, ""), ("$$FOOOOOOOOOOOOOOOOOO", 45_000, ""),
            ("$${LONG:4000:1}", 65_000, ""), ("$${LONG/a/" + String(repeating: "b", count: 500_000), 1, "}"),
            ("$${LONG/" + String(repeating: "a", count: 2000) + "b/c}", 500, ""),
        ] as [(String, Int, String)])
    func takesLittleTime(part: String, count: Int, end: String) {
        var budget = 8 << 20
        let cell: Variables = ["LONG": String(repeating: "a", count: 4096), "FOO": "x"]
        let substitution = Substitution(context: context(), cell: cell)
        let result = try? substitution.apply(to: String(repeating: part, count: count) + end, budget: &budget)
        #expect((result?.utf8.count ?? 0) <= 8 << 20)
    }

    @Test func tagsAreKnownForTags() throws {
        let tag = context(event: .tag, change: change(branch: "", ref: "refs/tags/v1.2"))
        #expect(try text("$$TAG ${TAG} $${TAG=latest} ${DRONE_TAG} ${CI_TAG}", tag) == "v1.2 v1.2 v1.2 v1.2 v1.2")
    }

    @Test func whatAnyoneMayWriteIsNotPastedIntoCommands() throws {
        let hostile = context(change: change(message: "\"; rm -rf / #"))
        #expect(try text("${DRONE_COMMIT_MESSAGE}", hostile) == "\"; rm -rf / #")
        for written in ["echo \"${DRONE_COMMIT_MESSAGE}\"", "$${CI_COMMIT_MESSAGE}", "echo ${CI_COMMIT_AUTHOR}"] {
            #expect(try text(written, hostile, inCommand: true) == written)
        }
        #expect(try text("echo ${DRONE_BRANCH}", inCommand: true) == "echo main")
    }

    @Test func aValueCannotChangeTheStructure() throws {
        let cell: Variables = ["X": "a\"\n- rm: [1]"]
        let step = try #require(try steps("steps: {t: {image: \"$$X\", commands: [\"echo $$X\"]}}", cell: cell).first)
        #expect(step.image == "a\"\n- rm: [1]")
        #expect(step.commands == ["echo a\"\n- rm: [1]"])
    }

    @Test func namesArePutInOnlyWhereTheyMay() throws {
        let yaml = "steps: {$$FOO: {image: 'x:$$FOO', commands: [$$FOO], environment: {$$FOO: $$FOO}}}"
        let step = try #require(try steps(yaml, cell: Self.cell).first)
        #expect(step.name == "$$FOO")
        #expect(step.image == "x:one")
        #expect(step.environment["$$FOO"] == "one")
    }
}
