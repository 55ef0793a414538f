/// Object names as git writes them: 40 hex digits of SHA-1, or 64 of SHA-256.
enum ObjectName {
    static func isWhole(_ text: String) -> Bool {
        [40, 64].contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    /// The name that stands for no object: all zeros.
    static func isNone(_ text: String) -> Bool {
        isWhole(text) && text.utf8.allSatisfy { $0 == UInt8(ascii: "0") }
    }

    /// The name that a hook gives. nil: it gives none, or the one of no object.
    static func read(_ name: String?) throws(HookError) -> String? {
        guard let name, !name.isEmpty, !isNone(name) else { return nil }
        guard isWhole(name) else { throw .malformed("`\(name.onOneLine)` is not an object name") }
        return name
    }
}
