/// A pattern of a branch, ref or name, as shells write them.
///
/// `*` is any run of characters but `/`; `**` crosses `/`, and `**/` may also be nothing; `?` is one character but `/`;
/// `[a-z]` one of a class, `[^a-z]` or `[!a-z]` one outside it, never `/`; `\` takes the next character as it is.
/// Case counts. Time is at most pattern length × text length, whatever the pattern.
package struct Glob: Sendable, Hashable, CustomStringConvertible {
    package let pattern: String
    private let tokens: [Token]

    /// Characters a pattern may have.
    package static let maximumLength = 1000

    /// nil for a pattern that is empty or too long, ends in `\`, or has a class that is empty, backwards or not closed.
    package init?(_ pattern: String) {
        guard !pattern.isEmpty, pattern.unicodeScalars.count <= Self.maximumLength else { return nil }
        var parser = GlobParser(pattern)
        guard let tokens = parser.tokens() else { return nil }
        self.pattern = pattern
        self.tokens = tokens
    }

    package var description: String { pattern }

    /// Whether the pattern fits all of `text`.
    package func matches(_ text: String) -> Bool {
        let scalars = Array(text.unicodeScalars)
        var reached = [Bool](repeating: false, count: scalars.count + 1)
        reached[0] = true
        for token in tokens {
            reached = token.advance(reached, over: scalars)
        }
        return reached[scalars.count]
    }

    enum Token: Sendable, Hashable {
        case one(Unicode.Scalar)
        case anyOne
        case oneOf([ClosedRange<Unicode.Scalar>], negated: Bool)
        /// `*`
        case run
        /// `**`
        case runAcross
        /// `**/` after a `/` or at the start.
        case directories
    }
}

extension Glob.Token {
    /// Which positions of `text` can be reached after this token from those in `before`.
    fileprivate func advance(_ before: [Bool], over text: [Unicode.Scalar]) -> [Bool] {
        var after = [Bool](repeating: false, count: before.count)
        var started = false
        for position in before.indices {
            let last: Unicode.Scalar? = position > 0 ? text[position - 1] : nil
            switch self {
            case .run: started = before[position] || (started && last != "/")
            case .runAcross, .directories: started = started || before[position]
            case .one, .anyOne, .oneOf: started = position > 0 && before[position - 1]
            }
            after[position] = started && (before[position] && isRun || last.map(takes) ?? isRun)
        }
        return after
    }

    /// Whether the token may stand for nothing.
    private var isRun: Bool {
        switch self {
        case .run, .runAcross, .directories: true
        case .one, .anyOne, .oneOf: false
        }
    }

    /// Whether the token may end with this character.
    private func takes(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .one(let wanted): scalar == wanted
        case .anyOne, .run: scalar != "/"
        case .oneOf(let ranges, let negated): scalar != "/" && ranges.contains { $0.contains(scalar) } != negated
        case .runAcross: true
        case .directories: scalar == "/"
        }
    }
}
