import Sealing
import Testing

@Suite struct DigestTests {
    @Test func `hashes of abc`() {
        let data = "abc".utf8
        #expect(Digest.sha256(data).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Digest.sha1(data).hex == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(
            Digest.sha512(data).hex
                == "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                + "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")
        #expect(Digest.md5(data).hex == "900150983cd24fb0d6963f7d28e17f72")
    }

    @Test func `hashes of nothing and of sequences without storage`() {
        #expect(Digest.sha256([]).hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        let lazy = Array("ABC".utf8).lazy.map { $0 + 32 }
        #expect(Digest.sha256(lazy) == Digest.sha256("abc".utf8))
    }

    @Test func `the avatar of the reference's example`() {
        #expect(Digest.md5("octocat@github.com".utf8).hex == "7194e8d48fa1d2b689f99443b767316c")
    }

    struct Vector: Sendable {
        let key: [UInt8]
        let data: [UInt8]
        let code: Bytes
    }

    static let rfc4231 = [
        Vector(
            key: Array(repeating: 0x0B, count: 20), data: Array("Hi There".utf8),
            code: "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        Vector(
            key: Array("Jefe".utf8), data: Array("what do ya want for nothing?".utf8),
            code: "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        Vector(
            key: Array(repeating: 0xAA, count: 20), data: Array(repeating: 0xDD, count: 50),
            code: "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        Vector(
            key: Array(1...25), data: Array(repeating: 0xCD, count: 50),
            code: "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        Vector(
            key: Array(repeating: 0xAA, count: 131),
            data: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            code: "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
        // GitHub's own example of a signed hook.
        Vector(
            key: Array("It's a Secret to Everybody".utf8), data: Array("Hello, World!".utf8),
            code: "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"),
        Vector(key: [], data: [], code: "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
    ]

    @Test(arguments: rfc4231) func `HMAC-SHA256`(vector: Vector) {
        #expect(HMAC.sha256(key: vector.key, data: vector.data).hex == vector.code.value.hex)
        #expect(HMAC.isValid(sha256: vector.code.value, key: vector.key, data: vector.data))
        #expect(!HMAC.isValid(sha256: vector.code.value, key: vector.key, data: vector.data + [0]))
        #expect(!HMAC.isValid(sha256: vector.code.value.dropLast(), key: vector.key, data: vector.data))
    }
}
