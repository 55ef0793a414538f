extension KeyRing {
    /// Reads a ring file: a line a key, its id and the base 64 of its 32 bytes; `#` starts a comment. The first key is
    /// the current one. Errors name the line and never show it.
    package init(text: String) throws {
        var keys: [Key] = []
        for (number, line) in zip(1..., text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)) {
            guard let key = try Self.key(line: line.prefix { $0 != "#" }, number: number) else { continue }
            guard !keys.contains(where: { $0.id == key.id }) else {
                throw Self.malformed(number, "the id \(key.id) is there twice")
            }
            keys.append(key)
        }
        guard let current = keys.first else { throw SealingError.malformed("the key ring has no key") }
        self.init(current: current, older: Array(keys.dropFirst()))
    }

    /// The text of a ring file with one new key. The id is 1 to 32 of `a` to `z`, `0` to `9` and `-`.
    package static func generate(id: String) throws -> String {
        guard isValid(id: id) else { throw SealingError.malformed("a key's id is \(idRule)") }
        return "\(id) \(randomBytes(Key.length).base64)\n"
    }

    /// nil for a line with nothing on it.
    private static func key(line: Substring, number: Int) throws -> Key? {
        let words = line.split { $0 == " " || $0 == "\t" }
        guard !words.isEmpty else { return nil }
        guard words.count == 2 else { throw malformed(number, "not an id and a key") }
        // The id is not shown: in a line written the wrong way round it is the key.
        guard isValid(id: words[0]) else { throw malformed(number, "the id is not \(idRule)") }
        guard let bytes = [UInt8](base64: words[1]), bytes.count == Key.length else {
            throw malformed(number, "the key is not the base 64 of 32 bytes")
        }
        return Key(id: String(words[0]), bytes: bytes)
    }

    private static let idRule = "1 to 32 of a-z, 0-9 and -"

    private static func isValid(id: some StringProtocol) -> Bool {
        let allowed = Array("abcdefghijklmnopqrstuvwxyz0123456789-".utf8)
        return (1...32).contains(id.utf8.count) && id.utf8.allSatisfy(allowed.contains)
    }

    private static func malformed(_ line: Int, _ reason: String) -> SealingError {
        .malformed("key ring, line \(line): \(reason)")
    }
}
