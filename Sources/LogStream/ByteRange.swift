/// The one range that a `Range` header asks for (RFC 9110, 14.1.2).
package enum ByteRange: Sendable, Hashable {
    /// `first-` or `first-last`, both included.
    case from(Int64, through: Int64?)
    /// `-length`: the last bytes.
    case last(Int64)

    /// nil for what a server is to ignore: another unit, several ranges, bad syntax.
    package init?(header: some StringProtocol) {
        let parts = header.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return nil }
        let ends = trimmed(parts[1]).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        switch (ends[0].isEmpty, ends[1].isEmpty) {
        case (true, true): return nil
        case (true, false): self.init(last: ends[1])
        case (false, true): self.init(first: ends[0])
        case (false, false): self.init(first: ends[0], last: ends[1])
        }
    }

    private init?(last: some StringProtocol) {
        guard let length = position(last) else { return nil }
        self = .last(length)
    }

    private init?(first: some StringProtocol) {
        guard let first = position(first) else { return nil }
        self = .from(first, through: nil)
    }

    private init?(first: some StringProtocol, last: some StringProtocol) {
        guard let first = position(first), let last = position(last), first <= last else { return nil }
        self = .from(first, through: last)
    }
}

/// Digits only; a number too great for Int64 is beyond any log all the same.
private func position(_ text: some StringProtocol) -> Int64? {
    guard text.utf8.allSatisfy(isDigit) else { return nil }
    return Int64(text) ?? .max
}

extension ByteRange {
    /// What a range comes to, with the `Content-Range` of the answer.
    package enum Resolution: Sendable, Hashable {
        /// 206.
        case slice(Range<Int64>, contentRange: String)
        /// 416: it starts at or after the end, or asks for no bytes.
        case unsatisfiable(contentRange: String)
    }

    /// Resolves against the `size` bytes there are. While more may follow, `isComplete` is false: the length of the
    /// whole is then `*`.
    package func resolve(size: Int64, isComplete: Bool = true) -> Resolution {
        let slice = slice(size: size)
        guard !slice.isEmpty else { return .unsatisfiable(contentRange: "bytes */\(size)") }
        let whole = isComplete ? String(size) : "*"
        return .slice(slice, contentRange: "bytes \(slice.lowerBound)-\(slice.upperBound - 1)/\(whole)")
    }

    private func slice(size: Int64) -> Range<Int64> {
        switch self {
        case .from(let first, let last?) where first < size: first..<min(last, size - 1) + 1
        case .from(let first, nil) where first < size: first..<size
        case .from: size..<size
        case .last(let length): size - min(length, size)..<size
        }
    }
}
