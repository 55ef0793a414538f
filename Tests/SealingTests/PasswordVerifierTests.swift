import Sealing
import Testing

@Suite struct PasswordVerifierTests {
    /// Password, salt and iterations of RFC 7677, section 3. The keys were computed from them with Python's hashlib, and give the
    /// server's signature that is printed there.
    @Test func theExampleOfTheStandard() throws {
        let salt = try #require([UInt8](base64: "W22ZaJ0SNY7soEsUEjb6gQ=="))
        #expect(
            PasswordVerifier.scramSHA256("pencil", salt: salt)
                == "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
                + ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")
    }

    @Test func aSaltIsUsedOnce() {
        #expect(PasswordVerifier.scramSHA256("pencil") != PasswordVerifier.scramSHA256("pencil"))
    }
}
