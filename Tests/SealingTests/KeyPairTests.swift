import Sealing
import Testing

@Suite struct KeyPairTests {
    @Test func `a new pair reads back from its PEM`() throws {
        let pair = try SharedKey.pair()
        let read = try KeyPair(privatePEM: pair.privatePEM)
        #expect(pair.privatePEM.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        #expect(pair.publicPEM.hasPrefix("-----BEGIN PUBLIC KEY-----\n"))
        #expect(read.privatePEM == pair.privatePEM)
        #expect(read.publicPEM == pair.publicPEM)
        #expect(read.keyID == pair.keyID)
        #expect(try PublicKey(pem: pair.publicPEM).sshPublicKey == pair.sshPublicKey)
    }

    @Test(arguments: [Fixture.privatePEM, Fixture.privatePKCS1]) func `both private forms`(pem: String) throws {
        let pair = try KeyPair(privatePEM: pem)
        #expect(pair.privatePEM == Fixture.privatePEM + "\n")
        #expect(pair.sshPublicKey == Fixture.sshPublicKey)
        #expect(pair.sshPublicKey(comment: "skep") == Fixture.sshPublicKey + " skep")
    }

    @Test func `the thumbprint of RFC 7638`() throws {
        let key = try PublicKey(pem: Fixture.thumbprintKey)
        #expect(key.keyID == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs")
    }

    @Test(arguments: [
        "", "junk", Fixture.ellipticPEM, Fixture.encryptedPEM, Fixture.thumbprintKey,
        String(Fixture.privatePEM.prefix(800)), Fixture.privatePEM.replacing("MII", with: "MIJ"),
    ])
    func `private keys refused`(pem: String) throws {
        let error = try #require(throws: SealingError.self) { try KeyPair(privatePEM: pem) }
        guard case .malformed = error else { return #expect(Bool(false), "\(error)") }
    }

    @Test(arguments: ["", Fixture.privatePEM, Fixture.shortPublicPEM]) func `public keys refused`(pem: String) throws {
        #expect(throws: SealingError.self) { try PublicKey(pem: pem) }
    }

    @Test func `a pair does not print its private half`() throws {
        let pair = try SharedKey.pair()
        var dumped = ""
        dump(pair, to: &dumped)
        #expect("\(pair)" == "KeyPair(redacted)")
        #expect(!dumped.contains("PRIVATE"))
    }

    @Test func `one pair serves many tasks`() async throws {
        let pair = try SharedKey.pair()
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            for byte in UInt8(0)..<32 {
                group.addTask { try JWE.decrypt(JWE.encrypt([byte], for: pair), keys: [pair]) }
            }
            var opened: Set<[UInt8]> = []
            for try await plaintext in group { opened.insert(plaintext) }
            #expect(opened.count == 32)
        }
    }
}
