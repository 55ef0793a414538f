/// A secret as it lies in the database.
package struct Sealed: Sendable, Hashable {
    /// The key of the ring that opens it.
    package var keyID: String
    /// The nonce (12 bytes), the ciphertext, and the tag (16).
    package var bytes: [UInt8]

    package init(keyID: String, bytes: [UInt8]) {
        self.keyID = keyID
        self.bytes = bytes
    }
}
