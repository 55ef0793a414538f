import Testing

@testable import Sealing

@Suite struct JWETests {
    private func rfc() throws -> KeyPair { try KeyPair(privatePEM: Fixture.privatePEM) }

    @Test func `the example of RFC 7516`() throws {
        let plaintext = try JWE.decrypt(Fixture.appendixA1, keys: [rfc()])
        #expect(plaintext == Array("The true sign of intelligence is not knowledge but imagination.".utf8))
    }

    @Test(arguments: [Fixture.oldClient, Fixture.newClient]) func `what others made`(compact: String) throws {
        #expect(try JWE.decrypt(compact, keys: [rfc()]) == Fixture.secrets)
        // After a rotation the older key still opens what names no key.
        #expect(try JWE.decrypt(compact, keys: [SharedKey.pair(), rfc()]) == Fixture.secrets)
    }

    @Test(arguments: [0, 1, 1000, 780_000]) func `written and read`(length: Int) throws {
        let pair = try SharedKey.pair()
        let plaintext = randomBytes(length)
        let compact = try JWE.encrypt(plaintext, for: pair.publicKey)
        #expect(try JWE.decrypt(compact, keys: [rfc(), pair]) == plaintext)
        #expect(try JWE.encrypt(plaintext, for: pair) != compact)
    }

    @Test func `the header written`() throws {
        let pair = try SharedKey.pair()
        let header = try #require(JWE.encrypt([], for: pair).split(separator: ".").first)
        let expected = #"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"\#(pair.keyID)"}"#
        #expect([UInt8](base64URL: header) == Array(expected.utf8))
    }

    @Test func `a kid names its key`() throws {
        let compact = try JWE.encrypt([1], for: rfc())
        #expect(throws: SealingError.unknownKey(try rfc().keyID)) { try JWE.decrypt(compact, keys: [SharedKey.pair()]) }
        #expect(throws: SealingError.authenticationFailed) { try JWE.decrypt(Fixture.newClient, keys: []) }
        #expect(throws: SealingError.authenticationFailed) {
            try JWE.decrypt(Fixture.newClient, keys: [SharedKey.pair()])
        }
    }

    @Test(arguments: [
        #"{"alg":"RSA-OAEP-256","enc":"A256GCM"}"#,
        #"{"alg":"RSA-OAEP-256","enc":"A256GCM","typ":"JOSE","cty":"text/yaml","jku":"https://example.org"}"#,
        "{\"alg\":\"RSA-OAEP-256\",\r\n \"enc\":\"A256GCM\"}",
        #"{"x":{"alg":"RSA1_5"},"y":["enc","enc\"",{"y":"y"}],"alg":"RSA-OAEP-256","enc":"A256GCM","z":"alg"}"#,
    ])
    func `headers taken`(header: String) throws {
        #expect(try JWE.decrypt(message(header: Array(header.utf8)), keys: [rfc()]) == [7])
    }

    @Test(arguments: [
        #"{"alg":"RSA1_5","enc":"A256GCM"}"#,
        #"{"alg":"RSA-OAEP-256","alg":"RSA1_5","enc":"A256GCM"}"#,
        #"{"alg":"RSA-OAEP-256","enc":"A256GCM", "alg" :"RSA-OAEP-256"}"#,
        #"{"alg":"RSA-OAEP-256","\u0061lg":"RSA1_5","enc":"A256GCM"}"#,
        #"{"alg":"RSA-OAEP-256","enc":"A128GCM"}"#,
        #"{"alg":"RSA-OAEP-256","enc":"A128CBC-HS256"}"#,
        #"{"alg":"rsa-oaep-256","enc":"A256GCM"}"#,
        #"{"alg":"RSA-OAEP-512","enc":"A256GCM"}"#,
        #"{"alg":"dir","enc":"A256GCM"}"#,
        #"{"alg":"RSA-OAEP","enc":"A256GCM","kid":"xtIsOV1FqKH77AI_A3jdTg5QfdabzqI-LNpYTPi0IgI"}"#,
        #"{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":"DEF"}"#,
        #"{"alg":"RSA-OAEP-256","enc":"A256GCM","zip":null}"#,
        #"{"alg":"RSA-OAEP-256","enc":"A256GCM","crit":["exp"],"exp":1}"#,
        #"{"alg":"RSA-OAEP-256","enc":"A256GCM","crit":[]}"#,
        #"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":null}"#,
        #"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":7}"#,
        #"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"\#(String(repeating: "k", count: 101))"}"#,
        #"{"alg":"RSA-OAEP-256","enc":"A256GCM","x":"\#(String(repeating: "x", count: 2048))"}"#,
        #"{"alg":"RSA-OAEP-256"}"#,
        #"{"alg":["RSA-OAEP-256"],"enc":"A256GCM"}"#,
        #"{"alg":"RSA-OAEP-256","enc":"A256GCM"}}"#,
        #"{"alg":"RSA-OAEP-256","enc":"A256GCM""#,
        #"[{"alg":"RSA-OAEP-256","enc":"A256GCM"}]"#,
        "{\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256GCM\"}\0",
        #"{"alg":"RSA-OAEP-256","enc":"A256GCM","a":\#(String(repeating: "[", count: 2000))"#,
        "", "{}", "null", "\u{FEFF}{}",
    ])
    func `headers refused`(header: String) throws {
        let compact = try message(header: Array(header.utf8))
        let error = try #require(throws: SealingError.self) { try JWE.decrypt(compact, keys: [rfc()]) }
        guard case .malformed = error else { return #expect(Bool(false), "\(error)") }
    }

    @Test func `the old padding and UTF-16 are refused`() throws {
        let utf16: [UInt8] = #"{"alg":"RSA-OAEP-256","enc":"A256GCM"}"#.utf8.flatMap { [$0, UInt8(0)] }
        for compact in [Fixture.oldPadding, try message(header: utf16)] {
            let error = try #require(throws: SealingError.self) { try JWE.decrypt(compact, keys: [rfc()]) }
            guard case .malformed = error else { return #expect(Bool(false), "\(error)") }
        }
    }

    @Test func `wrong lengths are refused`() throws {
        let nonce = SealingError.malformed("the IV is not 12 bytes")
        let tag = SealingError.malformed("the tag is not 16 bytes")
        for length in [0, 11, 13, 16] {
            #expect(throws: nonce) { try decrypt(replacing: 2, with: randomBytes(length)) }
        }
        for length in [0, 12, 15, 17, 32] {
            #expect(throws: tag) { try decrypt(replacing: 4, with: randomBytes(length)) }
        }
    }

    /// Whichever part is wrong, the sender reads the same.
    @Test func `failures look alike`() throws {
        for length in [0, 1, 128, 255, 257] {
            #expect(throws: SealingError.authenticationFailed) { try decrypt(replacing: 1, with: randomBytes(length)) }
        }
        #expect(throws: SealingError.authenticationFailed) {
            try decrypt(replacing: 1, with: Array(repeating: 0xFF, count: 256))
        }
        for (part, length) in [(1, 256), (2, 12), (3, 33), (3, 0), (4, 16)] {
            let bytes = randomBytes(length)
            #expect(throws: SealingError.authenticationFailed) { try decrypt(replacing: part, with: bytes) }
        }
        for length in [0, 16, 31, 33] {
            let encrypted = try OAEP.sha256.encrypt(randomBytes(length), for: rfc().handle)
            #expect(throws: SealingError.authenticationFailed) { try decrypt(replacing: 1, with: encrypted) }
        }
    }

    @Test func `cut at every character`() throws {
        let pair = try rfc()
        for length in 0..<Fixture.appendixA1.utf8.count {
            let cut = String(Fixture.appendixA1.prefix(length))
            #expect(throws: SealingError.self) { try JWE.decrypt(cut, keys: [pair]) }
        }
        #expect(throws: SealingError.self) { try JWE.decrypt(Fixture.appendixA1 + ".", keys: [pair]) }
        #expect(throws: SealingError.self) { try JWE.decrypt(Fixture.appendixA1 + "\n", keys: [pair]) }
    }

    @Test func `too large both ways`() throws {
        let pair = try SharedKey.pair()
        let huge = String(repeating: "A", count: JWE.maximumLength + 1)
        #expect(throws: SealingError.tooLarge) { try JWE.decrypt(huge, keys: [pair]) }
        #expect(throws: SealingError.tooLarge) { try JWE.encrypt(randomBytes(790_000), for: pair) }
        #expect(throws: SealingError.tooLarge) { try JWE.encrypt(randomBytes(JWE.maximumLength * 2), for: pair) }
        let dots = String(repeating: ".", count: JWE.maximumLength)
        #expect(throws: SealingError.malformed("not five base64url parts")) { try JWE.decrypt(dots, keys: [pair]) }
    }

    /// Whatever is done to a message, it is refused with an error of ours or not changed at all.
    @Test func `random changes`() throws {
        let pair = try rfc()
        for _ in 0..<500 {
            let changed = mutated(Array(Fixture.appendixA1.utf8))
            guard changed != Fixture.appendixA1 else { continue }
            #expect(throws: SealingError.self, "\(changed)") { try JWE.decrypt(changed, keys: [pair]) }
        }
    }

    private func mutated(_ text: [UInt8]) -> String {
        var text = text
        for _ in 0..<Int.random(in: 1...3) {
            let index = Int.random(in: text.indices)
            switch Int.random(in: 0..<5) {
            case 0: text[index] = .random(in: 0...255)
            case 1: text.remove(at: index)
            case 2: text.insert(.random(in: 0...127), at: index)
            case 3: text.replaceSubrange(index..., with: text[..<index])
            default: text.swapAt(index, .random(in: text.indices))
            }
            if text.isEmpty { text = [0] }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A message for the RFC's key that is right in all but, perhaps, its header. Its plaintext is one byte, 7.
    private func message(header: [UInt8]) throws -> String {
        let key = randomBytes(32)
        let nonce = randomBytes(12)
        let sealed = try GCM.seal([7], key: key, nonce: nonce, additional: Array(header.base64URL.utf8))
        let encryptedKey = try OAEP.sha256.encrypt(key, for: rfc().handle)
        return [header, encryptedKey, nonce, sealed.ciphertext, sealed.tag].map(\.base64URL).joined(separator: ".")
    }

    private func decrypt(replacing part: Int, with bytes: [UInt8]) throws -> [UInt8] {
        var parts = try message(header: Array(#"{"alg":"RSA-OAEP-256","enc":"A256GCM"}"#.utf8)).split(separator: ".")
            .map(String.init)
        parts[part] = bytes.base64URL
        return try JWE.decrypt(parts.joined(separator: "."), keys: [rfc()])
    }
}
