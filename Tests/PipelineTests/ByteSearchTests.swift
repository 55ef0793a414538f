import Testing

@testable import Pipeline

struct ByteSearchTests {
    @Test(
        arguments: [
            ("aaaa", "a", "b", "bbbb"), ("aaaa", "aa", "b", "bb"), ("aaaaa", "aa", "b", "bba"),
            ("abcabd", "abd", "x", "abcx"),
            ("aabaabaaab", "aabaaab", "x", "aabx"), ("abc", "d", "x", "abc"), ("abc", "abcd", "x", "abc"),
            ("", "a", "x", ""),
            ("abab", "ab", "", ""), ("abacababacac", "abacac", "!", "abacab!"),
        ] as [(String, String, String, String)])
    func replaces(text: String, old: String, new: String, expected: String) {
        let places = Array(text.utf8).occurrences(of: Array(old.utf8))
        let replaced = Array(text.utf8).replacing(Array(old.utf8), with: Array(new.utf8), at: places)
        #expect(String(decoding: replaced, as: UTF8.self) == expected)
    }
}
