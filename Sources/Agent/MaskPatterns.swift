import Core
import Foundation

/// The forms in which a secret may be printed, each a sequence of bytes to look for. Line ends do not count: they are left out
/// here, and passed over when looking.
enum MaskPatterns {
    /// Bytes of all patterns of a job together; beyond them the agent could not hold what it looks for.
    static let maximumBytes = 4 << 20

    /// Values over this many bytes are looked for as they are, line by line, and in base64 only.
    private static let largest = 16 << 10

    /// nil where the patterns would be more than `maximumBytes`.
    static func all(of values: [String]) -> Set<[UInt8]>? {
        var patterns: Set<[UInt8]> = []
        var bytes = 0
        for value in Set(values) {
            for form in forms(of: value) {
                let pattern = form.filter { !isLineEnd($0) }
                guard pattern.count >= 4, patterns.insert(pattern).inserted else { continue }
                bytes += pattern.count
                guard bytes <= maximumBytes else { return nil }
            }
        }
        return patterns
    }

    static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private static func forms(of value: String) -> [[UInt8]] {
        guard value.count >= NamedSecret.minimumCharacters else { return [] }
        let whole = Array(value.utf8)
        let text = trimmed(whole)
        var forms = [whole, text] + lines(of: text) + base64(text)
        guard text.count <= largest else { return forms }
        forms += [percentEncoded(text, lower: false, form: false), percentEncoded(text, lower: true, form: false)]
        forms += [percentEncoded(text, lower: false, form: true), percentEncoded(text, lower: true, form: true)]
        forms += [hex(text, "0123456789abcdef"), hex(text, "0123456789ABCDEF")]
        forms += [jsonEscaped(text), Array(String(decoding: text, as: UTF8.self).replacing("'", with: #"'\''"#).utf8)]
        return forms
    }

    /// Without line ends at the end: nobody prints a variable with them.
    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        while let last = bytes.last, isLineEnd(last) { bytes.removeLast() }
        return bytes
    }

    /// Each line of a longer value, also for those who print one in the middle of other text.
    private static func lines(of text: [UInt8]) -> [[UInt8]] {
        let lines = text.split(whereSeparator: isLineEnd)
        guard lines.count > 1 else { return [] }
        return lines.map { line in
            let blank: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x09 }
            return Array(line.drop(while: blank).reversed().drop(while: blank).reversed())
        }
    }

    /// Base64 (RFC 4648), both alphabets, padded and not: of the text alone, and what is sure of it wherever in a longer text it
    /// stands, at the longer text's end too.
    private static func base64(_ text: [UInt8]) -> [[UInt8]] {
        var forms = [Array(Data(text).base64EncodedString().utf8)]
        for shift in 0..<3 {
            let encoded = Array(Data([UInt8](repeating: 0, count: shift) + text).base64EncodedString().utf8)
            let start = [0, 2, 3][shift]
            let end = (shift + text.count) * 8 / 6
            if end > start { forms.append(Array(encoded[start..<end])) }
            forms.append(encoded[start...].filter { $0 != UInt8(ascii: "=") })
        }
        let url = forms.map { form in
            form.map { byte -> UInt8 in
                switch byte {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                default: byte
                }
            }
        }
        return forms + url
    }

    /// RFC 3986, 2.1, all but unreserved characters; or as HTML forms do, with `+` for a space.
    private static func percentEncoded(_ text: [UInt8], lower: Bool, form: Bool) -> [UInt8] {
        let digits = Array((lower ? "0123456789abcdef" : "0123456789ABCDEF").utf8)
        return text.flatMap { byte -> [UInt8] in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: [byte]
            case 0x20 where form: [UInt8(ascii: "+")]
            default: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
    }

    private static func hex(_ text: [UInt8], _ digits: String) -> [UInt8] {
        let digits = Array(digits.utf8)
        return text.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    private static func jsonEscaped(_ text: [UInt8]) -> [UInt8] {
        Array(String(decoding: text, as: UTF8.self).asJSON.utf8.dropFirst().dropLast())
    }
}
