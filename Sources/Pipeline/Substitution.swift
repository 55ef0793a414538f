import Core

/// Puts values for `$$NAME` and its kin of Drone 0.4, and for `${NAME}` of later ones. docs/pipelines.md has the table.
///
/// One pass from left to right: what was put in is never looked at again. Names that are not known stay as they are,
/// for the shell; so does `$NAME`, always.
struct Substitution: Sendable {
    private var values: [String: String] = [:]
    /// Known names whose values others than the author of the file write freely, such as a commit's message. In a
    /// command they are left to the shell, which has them as variables: pasted in, their quotes would be code.
    private var freeText: Set<String> = []
    private let longestName: Int

    /// The text has grown over its limit.
    struct Overflow: Error {}

    /// Only the values of the matrix.
    init(cell: Variables) {
        self.init(values: [:], freeText: [], cell: cell)
    }

    /// A matrix value wins over a variable of the same name.
    init(values: [String: String], freeText: Set<String>, cell: Variables) {
        self.values = values
        self.freeText = freeText
        for entry in cell {
            self.values[entry.name] = entry.value
            self.freeText.remove(entry.name)
        }
        longestName = self.values.keys.map(\.utf8.count).max() ?? 0
    }

    /// Takes from `budget` the bytes of the result and of each value that an operator worked on; throws when that is
    /// more than there is.
    func apply(to text: String, inCommand: Bool = false, budget: inout Int) throws(Overflow) -> String {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var rest = bytes[...]
        while let index = rest.firstIndex(of: dollar) {
            output += rest[..<index]
            let previous: UInt8? = index > 0 ? bytes[index - 1] : nil
            let limit = budget - output.count
            let reference = try reference(in: rest[index...], after: previous, inCommand: inCommand, limit: limit)
            output += reference?.replacement ?? [dollar]
            rest = rest[(index + (reference?.length ?? 1))...]
            budget -= reference?.work ?? 0
            guard output.count <= budget else { throw Overflow() }
        }
        output += rest
        budget -= output.count
        guard budget >= 0 else { throw Overflow() }
        return String(decoding: output, as: UTF8.self)
    }

    /// Something to replace.
    private struct Reference {
        var replacement: [UInt8]
        /// Bytes of the text it takes.
        var length: Int
        /// Bytes of the value that an operator worked on.
        var work = 0
    }

    /// What begins at the `$` that `text` begins with; nil for nothing that is known.
    private func reference(
        in text: ArraySlice<UInt8>, after previous: UInt8?, inCommand: Bool, limit: Int
    ) throws(Overflow) -> Reference? {
        let dollars = text.prefix(3).prefix { $0 == dollar }.count
        let body = text.dropFirst(dollars)
        switch (dollars, body.first) {
        case (3, _): return isKnown(body, inCommand) ? Reference(replacement: [dollar], length: 3) : nil
        case (2, openBrace): return try braced(body, inCommand, limit)
        case (2, _): return naked(body, after: previous, inCommand)
        case (1, openBrace):
            guard let (name, after) = nameInBrace(body), after.first == closeBrace else { return nil }
            let value = value(of: name, inCommand)
            return value.map { Reference(replacement: Array($0.utf8), length: name.utf8.count + 3) }
        default: return nil
        }
    }

    /// Whether three dollars stand before something that two would replace.
    private func isKnown(_ body: ArraySlice<UInt8>, _ inCommand: Bool) -> Bool {
        guard body.first == openBrace else { return knownPrefix(of: body, inCommand) != nil }
        return nameInBrace(body).flatMap { value(of: $0.name, inCommand) } != nil
    }

    /// `$$NAME`: the longest known name that the text begins with. Between double quotes the value is escaped.
    private func naked(_ body: ArraySlice<UInt8>, after previous: UInt8?, _ inCommand: Bool) -> Reference? {
        guard let (name, value) = knownPrefix(of: body, inCommand) else { return nil }
        let length = name.utf8.count
        let isQuoted = previous == quote && body.dropFirst(length).first == quote
        return Reference(replacement: isQuoted ? escaped(value) : Array(value.utf8), length: 2 + length)
    }

    /// `$${NAME}` or `$${NAME operator}`; no operator has a brace in it, so that no byte is looked at twice.
    private func braced(_ body: ArraySlice<UInt8>, _ inCommand: Bool, _ limit: Int) throws(Overflow) -> Reference? {
        guard let (name, after) = nameInBrace(body),
            let end = after.firstIndex(where: { $0 == closeBrace || $0 == openBrace }), after[end] == closeBrace
        else { return nil }
        let operation = SubstitutionOperator(String(decoding: after[..<end], as: UTF8.self))
        guard let operation, let value = value(of: name, inCommand) ?? operation.valueOfUnknown else { return nil }
        let replacement = Array(try operation.apply(to: value, limit: limit).utf8)
        return Reference(replacement: replacement, length: end + 3 - body.startIndex, work: value.utf8.count)
    }

    private func nameInBrace(_ body: ArraySlice<UInt8>) -> (name: String, after: ArraySlice<UInt8>)? {
        let name = body.dropFirst().prefix(while: VariableName.isPart)
        guard !name.isEmpty else { return nil }
        return (String(decoding: name, as: UTF8.self), body.dropFirst(1 + name.count))
    }

    private func knownPrefix(of body: ArraySlice<UInt8>, _ inCommand: Bool) -> (name: String, value: String)? {
        var name = body.prefix(longestName).prefix(while: VariableName.isPart)
        while !name.isEmpty {
            let text = String(decoding: name, as: UTF8.self)
            if let value = value(of: text, inCommand) { return (text, value) }
            name = name.dropLast()
        }
        return nil
    }

    private func value(of name: String, _ inCommand: Bool) -> String? {
        inCommand && freeText.contains(name) ? nil : values[name]
    }

    /// As between the double quotes of Go and of JSON.
    private func escaped(_ value: String) -> [UInt8] {
        value.utf8.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): [UInt8(ascii: "\\"), byte]
            case UInt8(ascii: "\n"): Array("\\n".utf8)
            case UInt8(ascii: "\r"): Array("\\r".utf8)
            case UInt8(ascii: "\t"): Array("\\t".utf8)
            default: [byte]
            }
        }
    }
}

private let dollar = UInt8(ascii: "$")
private let openBrace = UInt8(ascii: "{")
private let closeBrace = UInt8(ascii: "}")
private let quote = UInt8(ascii: "\"")
