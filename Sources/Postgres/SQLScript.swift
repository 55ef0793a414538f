/// A text of several statements, cut at the semicolons that are not inside quotes, dollar quotes or comments
/// (PostgreSQL documentation, 4.1). Bodies in `begin atomic … end` are not understood.
struct SQLScript {
    private let text: [UInt8]
    private var position = 0

    init(_ sql: String) {
        text = Array(sql.utf8)
    }

    /// The statements without their semicolons; stretches of nothing but space and comments are left out.
    static func statements(of sql: String) -> [String] {
        var script = SQLScript(sql)
        var statements: [String] = []
        while let statement = script.next() { statements.append(statement) }
        return statements
    }

    private mutating func next() -> String? {
        let start = position
        var hasContent = false
        while let byte = byte(0), byte != UInt8(ascii: ";") {
            if skipComment() { continue }
            if !isSpace(byte) { hasContent = true }
            if !skipQuoted(byte) { position += 1 }
        }
        let isLast = position >= text.count
        let end = min(position, text.count)
        position = end + 1
        if hasContent { return String(decoding: text[start..<end], as: UTF8.self) }
        return isLast ? nil : next()
    }

    private func byte(_ offset: Int) -> UInt8? {
        position + offset < text.count ? text[position + offset] : nil
    }

    private func begins(_ word: String) -> Bool { text[position...].starts(with: word.utf8) }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    private func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == UInt8(ascii: "_") || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
    }

    private mutating func skipComment() -> Bool {
        if begins("--") {
            while position < text.count, text[position] != 0x0A { position += 1 }
            return true
        }
        guard begins("/*") else { return false }
        var depth = 0
        repeat {
            if begins("/*") {
                depth += 1
                position += 2
            } else if begins("*/") {
                depth -= 1
                position += 2
            } else {
                position += 1
            }
        } while depth > 0 && position < text.count
        return true
    }

    private mutating func skipQuoted(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""): skipUntil(byte, escapes: false)
        case UInt8(ascii: "'"): skipUntil(byte, escapes: isEscapeString)
        case UInt8(ascii: "$"):
            guard let tag = dollarTag() else { return false }
            position += tag.count
            while position < text.count, !text[position...].starts(with: tag) { position += 1 }
            position = min(position + tag.count, text.count)
        default: return false
        }
        return true
    }

    /// E'…' knows backslashes; the E must be a word of its own.
    private var isEscapeString: Bool {
        guard position > 0, text[position - 1] | 0x20 == UInt8(ascii: "e") else { return false }
        return position == 1 || !isWord(text[position - 2])
    }

    /// Past the closing quote. A doubled quote ends one string and begins the next, which comes to the same.
    private mutating func skipUntil(_ quote: UInt8, escapes: Bool) {
        position += 1
        while let byte = byte(0), byte != quote {
            position += escapes && byte == UInt8(ascii: "\\") ? 2 : 1
        }
        position = min(position + 1, text.count)
    }

    /// `$$` or `$tag$`, but not the `$1` of a parameter nor the dollar inside a name.
    private func dollarTag() -> ArraySlice<UInt8>? {
        if position > 0, isWord(text[position - 1]) { return nil }
        guard let end = text[(position + 1)...].firstIndex(where: { !isWord($0) }), text[end] == UInt8(ascii: "$")
        else { return nil }
        if let first = byte(1), UInt8(ascii: "0")...UInt8(ascii: "9") ~= first { return nil }
        return text[position...end]
    }
}
