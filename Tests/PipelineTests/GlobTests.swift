import Pipeline
import Testing

struct GlobTests {
    @Test(
        arguments: [
            ("main", "main", true), ("main", "main2", false), ("main", "Main", false), ("main", "", false),
            ("*", "main", true), ("*", "", true), ("*", "a/b", false), ("**", "a/b/c", true), ("**", "", true),
            ("feature/*", "feature/a", true), ("feature/*", "feature/a/b", false), ("feature/*", "feature/", true),
            ("feature/*", "feature", false), ("feature/**", "feature/a/b", true), ("feature/**", "feature", false),
            ("**/fix", "fix", true), ("**/fix", "a/b/fix", true), ("**/fix", "a/prefix", false),
            ("a/**/b", "a/b", true), ("a/**/b", "a/x/y/b", true), ("a/**/b", "a/xb", false), ("a**/b", "ab/c/b", true),
            ("a**b", "a/x/b", true), ("a*b*c", "aXbYc", true), ("a*b*c", "aXbY", false), ("*.*", "a.b.c", true),
            ("?", "é", true), ("?", "/", false), ("?", "", false), ("v?", "v12", false),
            ("v[0-9]", "v5", true), ("v[0-9]", "vx", false), ("[^a-c]x", "dx", true), ("[!a-c]x", "bx", false),
            ("[^a]", "/", false), ("[a-]", "a", nil), ("[ab]", "b", true), ("[\\]]", "]", true), ("[*]", "*", true),
            ("\\*", "*", true), ("\\*", "x", false), ("refs/tags/v*", "refs/tags/v1.0", true), ("日*", "日本", true),
            ("[", "", nil), ("[]", "", nil), ("[z-a]", "", nil), ("a\\", "", nil), ("", "", nil),
        ] as [(String, String, Bool?)])
    func matches(pattern: String, text: String, expected: Bool?) {
        #expect(Glob(pattern)?.matches(text) == expected)
    }

    @Test func manyStarsTakeNoLongerThanTheirProduct() throws {
        let glob = try #require(Glob(String(repeating: "*a", count: 400) + "b"))
        #expect(!glob.matches(String(repeating: "a", count: 1000)))
    }

    @Test func aPatternHasALimit() {
        #expect(Glob(String(repeating: "a", count: 1000)) != nil)
        #expect(Glob(String(repeating: "a", count: 1001)) == nil)
    }
}
