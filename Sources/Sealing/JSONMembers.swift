/// What Foundation's decoder does not tell of a JSON object.
enum JSONMembers {
    /// Whether the outermost object of this valid JSON names each member once. A name with an escape in it is taken for
    /// a second of its kind: nobody needs to write one.
    static func areUnique(in json: [UInt8]) -> Bool {
        var seen: Set<ArraySlice<UInt8>> = []
        var depth = 0
        var index = json.startIndex
        while index < json.endIndex {
            switch json[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                let text = string(in: json, at: index)
                index = text.endIndex
                guard depth == 1, isName(json[(index + 1)...]) else { break }
                guard !text.contains(UInt8(ascii: "\\")), seen.insert(text).inserted else { return false }
            default: break
            }
            index += 1
        }
        return true
    }

    /// What is between the quote at `start` and the one that ends the string.
    private static func string(in json: [UInt8], at start: Int) -> ArraySlice<UInt8> {
        var end = start + 1
        while end < json.count - 1, json[end] != UInt8(ascii: "\"") {
            end += json[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        return json[(start + 1)..<min(end, json.count - 1)]
    }

    /// A string is a member's name when a colon follows.
    private static func isName(_ rest: ArraySlice<UInt8>) -> Bool {
        rest.first { !Array(" \t\r\n".utf8).contains($0) } == UInt8(ascii: ":")
    }
}
