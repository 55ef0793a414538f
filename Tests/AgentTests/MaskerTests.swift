import Foundation
import Testing

@testable import Agent

/// Secrets in a stream, in all the forms they are printed in, however it is cut.
@Suite struct MaskerTests {
    /// 62 lines of 64 letters between the usual first and last.
    private static let pem: String = {
        let lines = (0..<62).map { line -> String in
            let letters = (0..<64).map { column -> UInt8 in UInt8(65 + (column * 7 + line * 13 + column * line) % 26) }
            return String(decoding: letters, as: UTF8.self)
        }
        return "-----BEGIN PRIVATE KEY-----\n\(lines.joined(separator: "\n"))\n-----END PRIVATE KEY-----\n"
    }()

    private func masked(_ text: String, _ secrets: [String], cut size: Int = .max) throws -> String {
        var masker = try #require(Masker(hiding: secrets))
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var position = 0
        while position < bytes.count {
            let end = min(bytes.count, size == .max ? bytes.count : position + size)
            output += masker.feed(bytes[position..<end])
            position = end
        }
        output += masker.finish()
        return String(decoding: output, as: UTF8.self)
    }

    @Test(arguments: [
        ("the password is hunter2!.", "the password is ********."), ("hunter2!hunter2!", "****************"),
        ("hunter2", "hunter2"), ("hunter\n2!", "********"), ("hunhunter2!", "hun********"),
        ("aHVudGVyMiE=", "********"), ("x:aHVudGVyMiE", "x:********"), ("hunter2%21", "********"),
        ("68756e7465723221", "********"), ("68756E7465723221", "********"),
    ])
    func oneSecretInItsForms(text: String, expected: String) throws {
        for cut in [1, 2, 3, 7, .max] { #expect(try masked(text, ["hunter2!"], cut: cut) == expected) }
    }

    @Test func specialCharactersInAllTheirSpellings() throws {
        let secret = "it's \"a\\b\" & c+d/é\n2nd line"
        for form in [
            secret, secret.replacing("\n", with: "\r\n"), #"it'\''s "a\b" & c+d/é"# + "\n2nd line",
            #"it's \"a\\b\" & c+d/é\n2nd line"#, "it%27s%20%22a%5Cb%22%20%26%20c%2Bd%2F%C3%A9%0A2nd%20line",
            "it%27s+%22a%5cb%22+%26+c%2bd%2f%c3%a9%0a2nd+line",
        ] {
            #expect(try masked("<\(form)>", [secret]) == "<********>", "\(form)")
        }
        #expect(try masked("only\n   2nd line\n", [secret]) == "only\n   ********\n")
    }

    @Test func aKeyPrintedLineByLineInBase64AndCutAtEveryByte() throws {
        let encoded = Data(Self.pem.utf8).base64EncodedString()
        let wrapped = stride(from: 0, to: encoded.utf8.count, by: 76).map { start in
            String(encoded.dropFirst(start).prefix(76))
        }.joined(separator: "\n")
        let prefixed = Data("user:\(Self.pem)".utf8).base64EncodedString()
        for text in [Self.pem, encoded, wrapped, prefixed] {
            for cut in [1, 63, 64, 65, 1000, .max] {
                let output = try masked("before \(text) after", [Self.pem], cut: cut)
                try expectNothing(of: text, in: output)
                #expect(output.hasPrefix("before ") && output.hasSuffix(" after"))
            }
        }
        for line in Self.pem.split(separator: "\n") {
            let output = try masked("    \(line)\n", [Self.pem])
            #expect(output == "    ********\n")
        }
        // Cut in two at every byte.
        let bytes = Array(Self.pem.utf8)
        let fresh = try #require(Masker(hiding: [Self.pem]))
        for cut in stride(from: 0, to: bytes.count, by: 1) {
            var masker = fresh
            let output = masker.feed(bytes[..<cut]) + masker.feed(bytes[cut...]) + masker.finish()
            #expect(output.count < 30, "cut at \(cut)")
        }
    }

    /// No 12 bytes in a row of the secret text are left.
    private func expectNothing(of secret: String, in output: String) throws {
        let parts = Array(secret.replacing("\n", with: "").utf8)
        let folded = Array(output.replacing("\n", with: "").utf8)
        let left = Set((0..<max(0, folded.count - 11)).map { Array(folded[$0..<$0 + 12]) })
        let found = (8..<parts.count - 20).filter { left.contains(Array(parts[$0..<$0 + 12])) }
        #expect(found.isEmpty)
    }

    /// Random secrets in random texts: nothing of them comes out, and nothing else is lost.
    @Test(arguments: 0..<30) func whateverTheSecretsAndTheCuts(seed: UInt64) throws {
        var random = Numbers(state: seed &* 0x9E37_79B9 &+ 1)
        let alphabet = Array("abcAB01+/= \n'%".utf8)
        func text(_ length: Int) -> String {
            String(
                decoding: (0..<length).map { _ in alphabet[Int(random.next() % UInt64(alphabet.count))] }, as: UTF8.self
            )
        }
        let secrets = (0..<6).map { _ in text(4 + Int(random.next() % 12)) }.filter {
            $0.filter { $0 != "\n" }.count >= 4
        }
        var plain = ""
        for _ in 0..<60 {
            plain += text(Int(random.next() % 20))
            guard let secret = secrets.randomElement(using: &random) else { continue }
            plain += random.next() % 2 == 0 ? secret : Data(secret.utf8).base64EncodedString()
        }
        let whole = try masked(plain, secrets)
        for _ in 0..<5 {
            #expect(try masked(plain, secrets, cut: 1 + Int(random.next() % 40)) == whole)
        }
        for secret in secrets {
            let trimmed = secret.trimmingCharacters(in: .newlines)
            #expect(!whole.contains(trimmed) || "********".contains(trimmed))
        }
        // Masks aside, the output is the text: everything that was left stands there in order.
        var rest = plain[...]
        for piece in whole.split(separator: "********", omittingEmptySubsequences: true) {
            let range = try #require(rest.firstRange(of: piece))
            rest = rest[range.upperBound...]
        }
    }

    @Test func withoutSecretsNothingChanges() throws {
        let text = String(repeating: "a line of a log ✓\r\n", count: 1000)
        #expect(try masked(text, []) == text)
        #expect(try masked(text, ["not in there"], cut: 13) == text)
        #expect(try masked("abc", ["abc"]) == "abc")
    }

    @Test func moreThanCanBeHeldIsRefused() {
        let secrets = (0..<200).map { number in String(repeating: "\(number) of many, ", count: 4000) }
        #expect(Masker(hiding: secrets) == nil)
        #expect(Masker(hiding: [String(repeating: "x", count: 64 << 10)]) != nil)
    }

    @Test func itTellsNothingOfItself() throws {
        let masker = try #require(Masker(hiding: ["correct horse"]))
        #expect(!"\(masker)".contains("horse") && !String(reflecting: masker).contains("horse"))
        var dumped = ""
        dump(masker, to: &dumped)
        #expect(!dumped.contains("horse"))
    }
}

/// Repeatable numbers (SplitMix64).
struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
