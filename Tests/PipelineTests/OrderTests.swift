import Core
import Pipeline
import Testing

struct OrderTests {
    /// Each step as `name<names of those it waits for`.
    private func links(_ yaml: String, in context: PlanContext = context()) throws -> [String] {
        let steps = try steps(yaml, in: context)
        #expect(steps.map(\.number) == Array(1...steps.count))
        return try steps.map { step in
            let numbers = try #require(step.dependsOn)
            let names = numbers.map { steps[$0 - 1].name }
            #expect(numbers.allSatisfy { $0 < step.number })
            return names.isEmpty ? step.name : "\(step.name)<\(names.joined(separator: ","))"
        }
    }

    @Test(
        arguments: [
            ("{a: {commands: [x]}, b: {commands: [x]}, c: {commands: [x]}}", ["a", "b<a", "c<b"]),
            ("{a: {commands: [x]}, b: {commands: [x], depends_on: [a]}, c: {commands: [x]}}", ["a", "b<a", "c"]),
            ("{a: {commands: [x], depends_on: []}, b: {commands: [x]}}", ["a", "b"]),
            ("{a: {commands: [x], depends_on: clone}, b: {commands: [x], depends_on: [clone, a]}}", ["a", "b<a"]),
            (
                "{a: {commands: [x], depends_on: [c, b]}, b: {commands: [x], depends_on: c}, c: {commands: [x]}}",
                ["c", "b<c", "a<c,b"]
            ),
            (
                "{clone: {commands: [x], depends_on: [b]}, b: {commands: [x]}, c: {commands: [x], depends_on: clone}}",
                ["b", "clone<b", "c<clone"]
            ),
            (
                "{a: {commands: [x]}, b: {commands: [x], group: g}, c: {commands: [x], group: g}, d: {commands: [x], group: h}, e: {commands: [x]}, f: {commands: [x], group: h}}",
                ["a", "b<a", "c<a", "d<b,c", "e<d", "f<e"]
            ),
            ("{a: {commands: [x], group: g}, b: {commands: [x], group: g}}", ["a", "b"]),
        ] as [(String, [String])])
    func areOrdered(steps: String, expected: [String]) throws {
        #expect(try links("steps: \(steps)") == expected)
        #expect(try links("pipeline: \(steps)") == expected)
    }

    /// `b` is left out.
    @Test(
        arguments: [
            ("{a: {commands: [x]}, b: {commands: [x], WHEN}, c: {commands: [x]}}", ["a", "c<a"]),
            (
                "{a: {commands: [x]}, b: {commands: [x], depends_on: [a], WHEN}, c: {commands: [x], depends_on: b}}",
                ["a", "c<a"]
            ),
            (
                "{a: {commands: [x], group: g}, b: {commands: [x], WHEN}, c: {commands: [x], group: g}}", ["a", "c"]
            ),
        ] as [(String, [String])])
    func whatIsLeftOutHandsOnWhatItWaitsFor(steps: String, expected: [String]) throws {
        let yaml = "steps: \(steps)".replacing("WHEN", with: "when: {event: tag}")
        #expect(try links(yaml) == expected)
    }

    @Test(
        arguments: [
            ("a: {commands: [x], depends_on: [b]}", 2, 35, "no step is named \"b\""),
            ("a: {commands: [x], depends_on: [a]}", 2, 35, "depends on itself"),
            ("a: {commands: [x], depends_on: 5}", 2, 34, "no step is named \"5\""),
            ("a: {commands: [x], depends_on: }", 2, 34, "must be text or a list"),
            (
                "a: {commands: [x], depends_on: [b]}\n  b: {commands: [x], depends_on: [a]}", 3, 35,
                "in a circle (\"a\" on \"b\" on \"a\")"
            ),
            (
                "z: {commands: [x], depends_on: a}\n  a: {commands: [x], depends_on: [c, b]}\n  b: {commands: [x], depends_on: [a]}\n  c: {commands: [x]}",
                4, 35, "(\"a\" on \"b\" on \"a\")"
            ),
            (
                "a: {commands: [x], group: g}\n  b: {commands: [x], depends_on: [a]}", 2, 29,
                "\"group\" and \"depends_on\""
            ),
            ("a: {commands: [x], group: }", 2, 29, "the group has no name"),
            (
                "a: {commands: [x]}\n  b: {commands: [x], depends_on: a}\n  c: {commands: [x], when: {status: failure}}",
                4, 3,
                "add `depends_on:`"
            ),
        ] as [(String, Int, Int, String)])
    func mistakesHaveAPlace(steps: String, line: Int, column: Int, words: String) {
        let error = failure(of: "steps:\n  \(steps)".utf8)
        #expect(error?.line == line)
        #expect(error?.column == column)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
}
