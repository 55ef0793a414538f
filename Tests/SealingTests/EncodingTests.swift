import Sealing
import Testing

@Suite struct EncodingTests {
    static let rfc4648 = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test(arguments: rfc4648) func `base 64 of RFC 4648`(text: String, encoded: String) {
        #expect(text.utf8.base64 == encoded)
        #expect([UInt8](base64: encoded) == Array(text.utf8))
        let unpadded = encoded.filter { $0 != "=" }
        #expect(text.utf8.base64URL == unpadded)
        #expect([UInt8](base64URL: unpadded) == Array(text.utf8))
    }

    @Test func `the two alphabets`() {
        let bytes: [UInt8] = [0xFB, 0xFF, 0xFE]
        #expect(bytes.base64 == "+//+")
        #expect(bytes.base64URL == "-__-")
        #expect([UInt8](base64: "-__-") == nil)
        #expect([UInt8](base64URL: "+//+") == nil)
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm 9", "Zg==\n", "=", "====", "Zm9vZ", "Zg==Zg==", "Zmö=",
    ])
    func `base 64 refused`(text: String) {
        #expect([UInt8](base64: text) == nil)
    }

    @Test(arguments: ["Z", "Zg==", "Zh", "Zm9", "Zm9v\n", ".", "Zm9vZ"])
    func `base64url refused`(text: String) {
        #expect([UInt8](base64URL: text) == nil)
    }

    @Test func `all bytes go through both`() {
        let bytes = (0...255).map { UInt8($0) }
        for length in 0...bytes.count {
            let some = Array(bytes.prefix(length))
            #expect([UInt8](base64: some.base64) == some)
            #expect([UInt8](base64URL: some.base64URL) == some)
            #expect([UInt8](hex: some.hex) == some)
        }
    }

    @Test(arguments: ["0", "0g", " 00", "0x00", "00\n", "é0"]) func `hex refused`(text: String) {
        #expect([UInt8](hex: text) == nil)
    }

    @Test func `hex in capitals`() {
        #expect([UInt8](hex: "00fFAb") == [0, 255, 0xAB])
        #expect([0, 255, 0xAB].hex == "00ffab")
    }

    @Test func `equal bytes in constant time`() {
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(constantTimeEqual([], []))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
        #expect(!constantTimeEqual([], [0]))
    }

    @Test func `random bytes differ`() {
        #expect(randomBytes(0).isEmpty)
        #expect(Set((0..<100).map { _ in randomBytes(16) }).count == 100)
        #expect(randomBytes(100_000).count == 100_000)
    }
}
