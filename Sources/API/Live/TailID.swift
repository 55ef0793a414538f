/// Where in a job's log a reader stands.
struct TailPosition: Hashable {
    /// 0: before the first attempt.
    var attempt: Int
    var offset: Int64
}

/// The `id` of an event of a tail, by which a reader goes on: `OFFSET` in the first attempt, `OFFSET-ATTEMPT` in a later one,
/// `end-ATTEMPT` at the end.
enum TailID: Hashable, CustomStringConvertible {
    /// A plain offset is of no attempt by itself: that is the first, or the one that the address names.
    case plain(Int64)
    case position(TailPosition)
    case end(attempt: Int)

    init(_ position: TailPosition) {
        self = position.attempt == 1 ? .plain(position.offset) : .position(position)
    }

    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        if parts.count == 1, let offset = Int64(text), offset >= 0 {
            self = .plain(offset)
            return
        }
        guard parts.count == 2, let attempt = Int(parts[1]), attempt >= 0 else { return nil }
        if parts[0] == "end" {
            self = .end(attempt: attempt)
        } else if let offset = Int64(parts[0]), offset >= 0 {
            self = .position(TailPosition(attempt: attempt, offset: offset))
        } else {
            return nil
        }
    }

    var description: String {
        switch self {
        case .plain(let offset): "\(offset)"
        case .position(let position): "\(position.offset)-\(position.attempt)"
        case .end(let attempt): "end-\(attempt)"
        }
    }
}
