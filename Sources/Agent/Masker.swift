/// Replaces secrets in a stream of bytes, however it is cut into chunks.
///
/// What could be the beginning of a secret is held back until the next bytes tell. Line ends inside a secret do not hide it.
struct Masker: Sendable, CustomStringConvertible, CustomReflectable {
    static let mask = Array("********".utf8)

    private let trie: PatternTrie
    private var state: PatternTrie.State = 0
    /// Bytes that came and were not given out.
    private var held: [UInt8] = []
    /// Parts of `held` that are secrets, in order and apart from each other.
    private var secrets: [Range<Int>] = []

    /// nil where there is more to look for than can be held.
    init?(hiding values: [String]) {
        guard let patterns = MaskPatterns.all(of: values) else { return nil }
        trie = PatternTrie(patterns)
    }

    /// Nothing of what it hides.
    var description: String { "Masker" }
    var customMirror: Mirror { Mirror(self, children: EmptyCollection()) }

    /// Takes the next bytes, and answers those that are sure to be no part of a secret, with masks for those that are.
    mutating func feed(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var index = held.count
        held += bytes
        while index < held.count {
            let found = held.withUnsafeBufferPointer { trie.read($0, from: index, state: &state) }
            index = found.index
            if found.match > 0 { mark(place(found.match, before: index)..<index) }
        }
        return release(upTo: place(trie.depth(state), before: held.count))
    }

    /// Answers what was held back: nothing follows.
    mutating func finish() -> [UInt8] {
        state = 0
        return release(upTo: held.count)
    }

    /// All of a text at once, apart from the stream.
    func masking(_ text: String) -> String {
        var copy = self
        (copy.state, copy.held, copy.secrets) = (0, [], [])
        let output = copy.feed(text.utf8) + copy.finish()
        return String(decoding: output, as: UTF8.self)
    }

    /// Where the last `count` bytes before `end` begin that are no line ends.
    private func place(_ count: Int, before end: Int) -> Int {
        var place = end
        var rest = count
        while rest > 0 {
            place -= 1
            if !MaskPatterns.isLineEnd(held[place]) { rest -= 1 }
        }
        return place
    }

    private mutating func mark(_ range: Range<Int>) {
        var range = range
        while let last = secrets.last, last.upperBound > range.lowerBound {
            range = min(last.lowerBound, range.lowerBound)..<range.upperBound
            secrets.removeLast()
        }
        secrets.append(range)
    }

    private mutating func release(upTo place: Int) -> [UInt8] {
        var end = place
        if let last = secrets.last, last.upperBound > end, last.lowerBound < end { end = last.lowerBound }
        var output: [UInt8] = []
        output.reserveCapacity(end)
        var position = 0
        let sure = secrets.prefix { $0.upperBound <= end }
        for secret in sure {
            output += held[position..<secret.lowerBound]
            output += Self.mask
            position = secret.upperBound
        }
        output += held[position..<end]
        held.removeFirst(end)
        secrets = secrets.dropFirst(sure.count).map { $0.lowerBound - end..<$0.upperBound - end }
        return output
    }
}
