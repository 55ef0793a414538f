import Foundation
import TestSupport

extension TenancyModel.Sender {
    /// The text of the token.
    var text: String? {
        switch self {
        case .nobody: nil
        case .stranger(let text): text
        case .token(let token): token.text
        }
    }
}

extension TenancyAsk {
    func path(_ template: String) -> String {
        values.reduce(template) { $0.replacingOccurrences(of: "{\($1.key)}", with: $1.value) }
    }

    func replacing(_ twin: Twin) -> TenancyAsk {
        var other = self
        if twin.parameter == "json" {
            other.json = json?.replacingOccurrences(of: twin.name, with: twin.absent)
        } else {
            other.values[twin.parameter] = twin.absent
        }
        return other
    }

    /// What the request says itself, and the reply may say after it.
    func words(_ route: String) -> Set<String> {
        Set("\(path(route)) \(query) \(json ?? "")".utf8.words)
    }
}

extension TestReply {
    /// Markers in the words of the reply.
    func markers(except known: Set<String>) -> Set<String> {
        var found: Set<String> = []
        for word in body.words where !known.contains(word) {
            for start in word.ranges(of: "mk") { found.insert(String(word[start.lowerBound...].prefix(18))) }
        }
        return found
    }

    /// All but what is another in each reply.
    func comparableHeaders(length: Bool) -> [String: String] {
        var comparable: [String: String] = [:]
        for (name, value) in headers { comparable[name.lowercased(), default: ""] += value }
        for name in ["x-request-id", "date"] + (length ? [] : ["content-length"]) { comparable[name] = "" }
        // Tells whether the request's body had come when it was refused, which is a matter of time.
        comparable["connection"] = nil
        return comparable
    }

    /// Without the request's id, members in one order.
    var comparableText: String {
        guard var object = try? object() else { return text }
        object["request_id"] = nil
        return object.keys.sorted().map { "\($0): \(object[$0] ?? "")" }.joined(separator: "\n")
    }
}

extension Sequence<UInt8> {
    /// Runs of letters, digits, `-` and `_`.
    fileprivate var words: [String] {
        split { byte in
            let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            return !isLetter && !isDigit && byte != UInt8(ascii: "-") && byte != UInt8(ascii: "_")
        }.map { String(decoding: $0, as: UTF8.self) }
    }
}
