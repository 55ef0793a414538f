extension KeyRing {
    /// Seals a value again with the current key. Throws as `open`.
    package func reseal(_ sealed: Sealed, context: String) throws -> Sealed {
        try seal(try open(sealed, context: context), context: context)
    }

    /// The text of a ring file with one new key more: at the end, where it only opens, or as the current one before all others.
    /// What was there stays as it is, comments and all.
    ///
    /// Throws `malformed` for a text that is no ring and for an id that is there already.
    package static func adding(id: String, to text: String, asCurrent: Bool) throws -> String {
        let ring = try KeyRing(text: text)
        guard !ring.keyIDs.contains(id) else { throw SealingError.malformed("the key ring has a key \(id) already") }
        let line = try generate(id: id)
        if asCurrent { return line + text }
        return text + (text.last?.isNewline == true ? "" : "\n") + line
    }

    /// Throws `weakKey` for a key that somebody typed or copied from an example: no 32 random bytes look like it.
    package func requireRandomKeys() throws {
        for key in keys where key.bytes.isPatterned { throw SealingError.weakKey(key.id) }
    }
}

extension [UInt8] {
    /// Few different bytes, equal steps, or text only. Of random keys fewer than one in 10^13 is one.
    fileprivate var isPatterned: Bool {
        let steps = Set(zip(self, dropFirst()).map { $1 &- $0 })
        return Set(self).count < 16 || steps.count == 1 || allSatisfy { (0x20...0x7E).contains($0) }
    }
}
