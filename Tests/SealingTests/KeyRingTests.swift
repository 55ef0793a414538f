import Sealing
import Testing

@Suite struct KeyRingTests {
    private static let first = String(repeating: "A", count: 43) + "="
    private static let second = String(repeating: "B", count: 42) + "A="
    private let context = "key_pairs/private/42"
    private let secret = Array("hunter2".utf8)

    private func ring(_ text: String = "new-1 \(second)\nold \(first)\n") throws -> KeyRing {
        try KeyRing(text: text)
    }

    @Test func `a file with comments, tabs and empty lines`() throws {
        let ring = try ring("# keys\r\n\r\n  new-1\t \(Self.second)  # since May\n#old x\nold \(Self.first)")
        #expect(ring.keyIDs == ["new-1", "old"])
        #expect(ring.currentKeyID == "new-1")
    }

    static let refused: [(text: String, says: String)] = [
        ("", "no key"),
        ("# nothing\n\n", "no key"),
        ("a \(first)\nb", "line 2"),
        ("a \(first) more", "line 1"),
        ("\n\nA \(first)", "line 3"),
        ("a_b \(first)", "line 1"),
        ("\(String(repeating: "a", count: 33)) \(first)", "line 1"),
        ("é \(first)", "line 1"),
        ("a \(first.dropLast())", "line 1"),
        ("a \(first.dropFirst(4))", "line 1"),
        ("a AAAA\(first)", "line 1"),
        ("a \(String(repeating: "A", count: 42))B=", "line 1"),
        ("a \(first)\nb \(second)\na \(second)", "line 3"),
        ("\(first) a", "line 1"),
    ]

    @Test(arguments: refused) func `a file refused, without showing the key`(text: String, says: String) throws {
        let error = try #require(throws: SealingError.self) { try KeyRing(text: text) }
        #expect("\(error)".contains(says))
        #expect(!"\(error)".contains("AAAA") && !"\(error)".contains("BBBB"))
    }

    @Test func `a generated file`() throws {
        let text = try KeyRing.generate(id: "2026-11")
        #expect(try KeyRing(text: text).keyIDs == ["2026-11"])
        #expect(try KeyRing.generate(id: "2026-11") != text)
        for id in ["", "A", "a b", "a\n", String(repeating: "a", count: 33)] {
            #expect(throws: SealingError.self) { try KeyRing.generate(id: id) }
        }
    }

    @Test(arguments: [0, 1, 15, 16, 17, 1 << 20]) func `sealed and opened`(length: Int) throws {
        let plaintext = randomBytes(length)
        let sealed = try ring().seal(plaintext, context: context)
        #expect(sealed.keyID == "new-1")
        #expect(sealed.bytes.count == length + 28)
        #expect(try ring().open(sealed, context: context) == plaintext)
        #expect(try ring().seal(plaintext, context: context) != sealed)
    }

    @Test func `what the first key sealed opens after a rotation`() throws {
        let before = try ring("old \(Self.first)")
        let sealed = try before.seal(secret, context: context)
        #expect(try ring().open(sealed, context: context) == secret)
        let renewed = try ring().seal(secret, context: context)
        #expect(throws: SealingError.unknownKey("new-1")) { try before.open(renewed, context: context) }
    }

    @Test(arguments: ["key_pairs/private/43", "", "key_pairs/private/42 "])
    func `another context`(other: String) throws {
        let sealed = try ring().seal(secret, context: context)
        #expect(throws: SealingError.authenticationFailed) { try ring().open(sealed, context: other) }
    }

    @Test func `another key under the same id`() throws {
        let sealed = try ring().seal(secret, context: context)
        let other = try ring("new-1 \(Self.first)")
        #expect(throws: SealingError.authenticationFailed) { try other.open(sealed, context: context) }
        let value = try ring().checkValue(of: "new-1")
        #expect(value.count == 32)
        #expect(throws: SealingError.wrongKey("new-1")) { try other.verify(checkValue: value, of: "new-1") }
        try ring().verify(checkValue: value, of: "new-1")
        #expect(throws: SealingError.unknownKey("gone")) { try other.checkValue(of: "gone") }
    }

    @Test func `cut at every byte and changed at every bit`() throws {
        let ring = try ring()
        let sealed = try ring.seal(secret, context: context)
        for length in sealed.bytes.indices {
            let cut = Sealed(keyID: sealed.keyID, bytes: Array(sealed.bytes.prefix(length)))
            let tooShort = SealingError.malformed("a sealed value has at least 28 bytes")
            #expect(throws: length < 28 ? tooShort : .authenticationFailed) { try ring.open(cut, context: context) }
        }
        for bit in 0..<sealed.bytes.count * 8 {
            var changed = sealed
            changed.bytes[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: SealingError.authenticationFailed) { try ring.open(changed, context: context) }
        }
    }

    @Test func `a ring does not print its keys`() throws {
        var dumped = ""
        dump(try ring(), to: &dumped)
        #expect(try "\(ring())" == "KeyRing(redacted)")
        #expect(!dumped.contains("AAAA") && !dumped.contains("bytes"))
    }
}
