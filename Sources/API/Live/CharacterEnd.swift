/// Where UTF-8 may be cut.
enum CharacterEnd {
    /// How many of the bytes, counted from their end, begin a character that is not all there: 0 to 3.
    ///
    /// Only what more bytes could still make a character counts (Unicode 16, table 3-7): what is wrong already is replaced in
    /// any case, so that the text is the same however it is cut.
    static func missing(in bytes: some BidirectionalCollection<UInt8>) -> Int {
        var tail: [UInt8] = []
        for byte in bytes.suffix(3).reversed() {
            tail.insert(byte, at: 0)
            if byte & 0xC0 != 0x80 { return isBeginning(tail) ? tail.count : 0 }
        }
        return 0
    }

    /// Whether a first byte and those after it are the beginning of a longer character.
    private static func isBeginning(_ bytes: [UInt8]) -> Bool {
        guard let first = bytes.first, let length = length(after: first), bytes.count < length else { return false }
        return bytes.count < 2 || second(after: first).contains(bytes[1])
    }

    private static func length(after first: UInt8) -> Int? {
        switch first {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: nil
        }
    }

    private static func second(after first: UInt8) -> ClosedRange<UInt8> {
        switch first {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
    }
}
