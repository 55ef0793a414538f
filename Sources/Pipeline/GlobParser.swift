/// Reads the tokens of a glob.
struct GlobParser {
    private var rest: Substring.UnicodeScalarView
    private var previous: Unicode.Scalar?

    init(_ pattern: String) {
        rest = Substring(pattern).unicodeScalars
    }

    /// nil where the pattern cannot be read.
    mutating func tokens() -> [Glob.Token]? {
        var tokens: [Glob.Token] = []
        while let scalar = rest.popFirst() {
            guard let token = token(from: scalar) else { return nil }
            tokens.append(token)
            previous = token == .directories ? "/" : scalar
        }
        return tokens
    }

    private mutating func token(from scalar: Unicode.Scalar) -> Glob.Token? {
        switch scalar {
        case "*": return stars()
        case "?": return .anyOne
        case "[": return characterClass()
        case "\\": return rest.popFirst().map { .one($0) }
        default: return .one(scalar)
        }
    }

    private mutating func stars() -> Glob.Token {
        guard rest.first == "*" else { return .run }
        while rest.first == "*" { rest.removeFirst() }
        guard rest.first == "/", previous == nil || previous == "/" else { return .runAcross }
        rest.removeFirst()
        return .directories
    }

    private mutating func characterClass() -> Glob.Token? {
        let negated = rest.first == "^" || rest.first == "!"
        if negated { rest.removeFirst() }
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while let scalar = rest.popFirst() {
            if scalar == "]" { return ranges.isEmpty ? nil : .oneOf(ranges, negated: negated) }
            guard let range = range(from: scalar) else { return nil }
            ranges.append(range)
        }
        return nil
    }

    private mutating func range(from scalar: Unicode.Scalar) -> ClosedRange<Unicode.Scalar>? {
        guard let low = unescaped(scalar) else { return nil }
        guard rest.first == "-" else { return low...low }
        rest.removeFirst()
        guard let next = rest.popFirst(), next != "]", let high = unescaped(next), low <= high else { return nil }
        return low...high
    }

    private mutating func unescaped(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        scalar == "\\" ? rest.popFirst() : scalar
    }
}
