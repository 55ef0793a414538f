import Pipeline
import Testing

struct SkipTests {
    @Test(
        arguments: [
            ("[ci skip]", true), ("fix [CI  SKIP] now", true), ("[skip ci]", true), ("[Skip Ci]", true),
            ("[ciskip]", true),
            ("text\n\n[skipci]", true), ("[skip-ci]", false), ("ci skip", false), ("[ci skip", false),
            ("[ ci skip]", false),
            ("[ci\tskip]", false), ("", false),
        ] as [(String, Bool)])
    func skips(message: String, expected: Bool) {
        #expect(skipsCI(message: message) == expected)
    }
}
