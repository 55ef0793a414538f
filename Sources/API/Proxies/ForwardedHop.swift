/// One step of a request's way, as the proxy after it tells of it.
struct ForwardedHop: Sendable, Hashable {
    /// nil: it is told in a way that cannot be used, such as `unknown`.
    var address: IPAddress?
    var isSecure = false

    /// Reads an address, with a port or not: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
    init(node: some StringProtocol) {
        let text = node.trimmed
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"), Self.isPort(text[text.index(after: end)...]) else { return }
            address = IPAddress(text[text.index(after: text.startIndex)..<end])
        } else if let colon = text.firstIndex(of: ":"), colon == text.lastIndex(of: ":") {
            guard Self.isPort(text[colon...]) else { return }
            address = IPAddress(text[..<colon])
        } else {
            address = IPAddress(text)
        }
    }

    /// Nothing, or a colon and what stands for a port (RFC 7239, 6.2).
    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || text.first == ":" && text.dropFirst().utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// Reads the value of `Forwarded` (RFC 7239, 4), oldest first. Empty when any of it is malformed.
    static func list(_ value: String) -> [ForwardedHop] {
        guard let elements = split(value[...], at: ",") else { return [] }
        var hops: [ForwardedHop] = []
        for element in elements {
            guard let pairs = split(element, at: ";") else { return [] }
            var hop = ForwardedHop(node: "")
            for pair in pairs {
                let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2 else { return [] }
                let value = unquoted(parts[1].trimmed)
                switch parts[0].trimmed.lowercased() {
                case "for": hop.address = ForwardedHop(node: value).address
                case "proto": hop.isSecure = value.lowercased() == "https"
                default: break
                }
            }
            hops.append(hop)
        }
        return hops
    }

    /// nil: a quoted string does not end.
    private static func split(_ text: Substring, at separator: Character) -> [Substring]? {
        var parts: [Substring] = []
        var start = text.startIndex
        var isQuoted = false
        var isEscaped = false
        for index in text.indices {
            let character = text[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, character == "\\" {
                isEscaped = true
            } else if character == "\"" {
                isQuoted.toggle()
            } else if character == separator, !isQuoted {
                parts.append(text[start..<index])
                start = text.index(after: index)
            }
        }
        guard !isQuoted else { return nil }
        return parts + [text[start...]]
    }

    private static func unquoted(_ text: Substring) -> String {
        guard text.utf8.count >= 2, text.first == "\"", text.last == "\"" else { return String(text) }
        var value = ""
        var isEscaped = false
        for character in text.dropFirst().dropLast() {
            if character == "\\", !isEscaped {
                isEscaped = true
            } else {
                value.append(character)
                isEscaped = false
            }
        }
        return value
    }
}

extension StringProtocol {
    /// Without spaces and tabs around it (RFC 9110, 5.6.3).
    var trimmed: Substring {
        var text = Substring(self)
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}
