import Testing

@testable import Sealing

@Suite struct GCMTests {
    struct Vector: Sendable {
        var key: Bytes
        var nonce: Bytes = "cafebabefacedbaddecaf888"
        var plaintext: Bytes = ""
        var additional: Bytes = ""
        var ciphertext: Bytes = ""
        var tag: Bytes
    }

    private static let text: Bytes = """
        d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
        b16aedf5aa0de657ba637b391aafd255
        """
    private static let shortText: Bytes = """
        d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
        b16aedf5aa0de657ba637b39
        """
    private static let zeros: Bytes = "000000000000000000000000"
    private static let block: Bytes = "00000000000000000000000000000000"
    private static let additional: Bytes = "feedfacedeadbeeffeedfacedeadbeefabaddad2"

    /// McGrew and Viega's test cases 1 to 4 and 13 to 16, and the first of NIST's gcmEncryptExtIV256.
    static let vectors = [
        Vector(key: block, nonce: zeros, tag: "58e2fccefa7e3061367f1d57a4e7455a"),
        Vector(
            key: block, nonce: zeros, plaintext: block, ciphertext: "0388dace60b6a392f328c2b971b2fe78",
            tag: "ab6e47d42cec13bdf53a67b21257bddf"),
        Vector(
            key: "feffe9928665731c6d6a8f9467308308", plaintext: text,
            ciphertext: """
                42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05\
                1ba30b396a0aac973d58e091473f5985
                """,
            tag: "4d5c2af327cd64a62cf35abd2ba6fab4"),
        Vector(
            key: "feffe9928665731c6d6a8f9467308308", plaintext: shortText, additional: additional,
            ciphertext: """
                42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05\
                1ba30b396a0aac973d58e091
                """,
            tag: "5bc94fbc3221a5db94fae95ae7121a47"),
        Vector(
            key: "0000000000000000000000000000000000000000000000000000000000000000", nonce: zeros,
            tag: "530f8afbc74536b9a963b4f1c4cb738b"),
        Vector(
            key: "0000000000000000000000000000000000000000000000000000000000000000", nonce: zeros, plaintext: block,
            ciphertext: "cea7403d4d606b6e074ec5d3baf39d18", tag: "d0d1c8a799996bf0265b98b5d48ab919"),
        Vector(
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", plaintext: text,
            ciphertext: """
                522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
                c5f61e6393ba7a0abcc9f662898015ad
                """,
            tag: "b094dac5d93471bdec1a502270e3cc6c"),
        Vector(
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", plaintext: shortText,
            additional: additional,
            ciphertext: """
                522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
                c5f61e6393ba7a0abcc9f662
                """,
            tag: "76fc6ece0f4e1768cddf8853bb2d551b"),
        Vector(
            key: "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4", nonce: "516c33929df5a3284ff463d7",
            tag: "bdc1ac884d332457a1d2664f168c76f0"),
    ]

    @Test(arguments: vectors) func `published vectors`(vector: Vector) throws {
        let sealed = try GCM.seal(
            vector.plaintext.value, key: vector.key.value, nonce: vector.nonce.value,
            additional: vector.additional.value)
        #expect(sealed.ciphertext.hex == vector.ciphertext.value.hex)
        #expect(sealed.tag.hex == vector.tag.value.hex)
        #expect(try open(vector) == vector.plaintext.value)
    }

    @Test(arguments: vectors) func `a changed bit of the tag is refused`(vector: Vector) throws {
        for index in 0..<16 {
            var tag = vector.tag.value
            tag[index] ^= 1
            #expect(throws: SealingError.authenticationFailed) { try open(vector, tag: tag) }
        }
        #expect(throws: SealingError.malformed("the tag is not 16 bytes")) {
            try open(vector, tag: Array(vector.tag.value.dropLast()))
        }
    }

    @Test(arguments: [0, 15, 24, 33]) func `other key lengths are refused`(length: Int) {
        #expect(throws: SealingError.malformed("the key is not 16 or 32 bytes")) {
            try GCM.seal([], key: Array(repeating: 0, count: length), nonce: randomBytes(12), additional: [])
        }
    }

    private func open(_ vector: Vector, tag: [UInt8]? = nil) throws -> [UInt8] {
        try GCM.open(
            vector.ciphertext.value, tag: tag ?? vector.tag.value, key: vector.key.value, nonce: vector.nonce.value,
            additional: vector.additional.value)
    }
}
