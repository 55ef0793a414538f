extension String {
    /// This text as a JSON string, quotes included (RFC 8259, 7). Only what must be escaped is.
    package var asJSON: String {
        var json: [UInt8] = []
        json.reserveCapacity(utf8.count + 2)
        JSONString.append(self, to: &json)
        return String(decoding: json, as: UTF8.self)
    }
}

package enum JSONString {
    private static let hex = Array("0123456789abcdef".utf8)

    /// Appends `text` as a JSON string, quotes included (RFC 8259, 7).
    package static func append(_ text: String, to json: inout [UInt8]) {
        json.append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { append(utf8: $0, to: &json) }
        json.append(UInt8(ascii: "\""))
    }

    private static func append(utf8 bytes: UnsafeBufferPointer<UInt8>, to json: inout [UInt8]) {
        var start = 0
        for (index, byte) in bytes.enumerated()
        where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
            json.append(contentsOf: bytes[start..<index])
            appendEscape(of: byte, to: &json)
            start = index + 1
        }
        json.append(contentsOf: bytes[start...])
    }

    private static func appendEscape(of byte: UInt8, to json: inout [UInt8]) {
        json.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): json.append(byte)
        case UInt8(ascii: "\n"): json.append(UInt8(ascii: "n"))
        case UInt8(ascii: "\r"): json.append(UInt8(ascii: "r"))
        case UInt8(ascii: "\t"): json.append(UInt8(ascii: "t"))
        default: json.append(contentsOf: [UInt8(ascii: "u"), 0x30, 0x30, hex[Int(byte >> 4)], hex[Int(byte & 15)]])
        }
    }
}

extension Variables {
    /// A JSON object of strings, in this order.
    package var json: String {
        "{" + map { "\($0.name.asJSON):\($0.value.asJSON)" }.joined(separator: ",") + "}"
    }
}
