import Testing

@testable import Sealing

@Suite struct TokenTests {
    @Test(arguments: [Token.userPrefix, Token.agentPrefix]) func `a new token reads back`(prefix: String) throws {
        let token = Token.generate(prefix: prefix)
        let read = try #require(Token(token.text))
        #expect(read == token)
        #expect(read.prefix == prefix)
        #expect(token.text.hasPrefix(prefix))
        #expect(token.text.utf8.count == prefix.utf8.count + 46)
        #expect(token.hash == Digest.sha256(token.text.utf8))
        #expect(token.hash.count == 32)
    }

    @Test func `tokens differ and use the whole alphabet`() {
        let tokens = (0..<200).map { _ in Token.generate().text }
        #expect(Set(tokens).count == 200)
        #expect(Set(tokens.flatMap { $0.dropFirst(5).prefix(40) }).count == 62)
    }

    @Test func `every slip of one character is found`() {
        let text = Array(Token.generate().text.utf8)
        for index in text.indices {
            for replacement in Array("aZ09_ ".utf8) where replacement != text[index] {
                var wrong = text
                wrong[index] = replacement
                #expect(Token(String(decoding: wrong, as: UTF8.self)) == nil)
            }
            #expect(Token(String(decoding: text[..<index], as: UTF8.self)) == nil)
            #expect(Token(String(decoding: text[(index + 1)...], as: UTF8.self)) == nil)
        }
    }

    @Test func `what was never a token`() {
        let text = Token.generate().text
        for wrong in ["", "skep_", text + "\n", " " + text, text.uppercased(), "ghp_" + text.dropFirst(5)] {
            #expect(Token(wrong) == nil)
        }
    }

    @Test func `a token does not print itself`() {
        let token = Token.generate()
        var dumped = ""
        dump(token, to: &dumped)
        for shown in ["\(token)", String(reflecting: token), String(describing: Optional(token)), dumped] {
            #expect(!shown.contains(token.text.suffix(20)))
        }
    }

    @Test func `check value of CRC-32`() {
        #expect(CRC32.checksum("123456789".utf8) == 0xCBF4_3926)
    }

    @Test(arguments: [Token.userPrefix, Token.agentPrefix, Token.jobPrefix])
    func `a text loses its tokens and nothing else`(prefix: String) {
        let token = Token.generate(prefix: prefix).text
        let encoded = token.replacing("_", with: "%5f")
        for (text, left) in [
            (token, "\(prefix)…"), ("There is no user \(token).", "There is no user \(prefix)…."),
            ("/a/\(token)/\(token)?x=\(encoded)", "/a/\(prefix)…/\(prefix)…?x=\(prefix)…"),
            (String(token.dropLast(10)), "\(prefix)…"), ("skep_dev serves skepa_x", "skep_dev serves skepa_x"),
            ("", ""),
        ] {
            #expect(Token.redacting(text) == left)
        }
    }
}
