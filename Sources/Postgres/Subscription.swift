/// One `listen(to:)`.
final class Subscription: Sendable {
    let channel: String
    let continuation: AsyncStream<ListenEvent>.Continuation

    init(_ channel: String, _ continuation: AsyncStream<ListenEvent>.Continuation) {
        self.channel = channel
        self.continuation = continuation
    }
}

/// Who listens to what.
struct Subscriptions {
    private var all: [String: [Subscription]] = [:]
    /// Channels whose LISTEN stands.
    private var standing: Set<String> = []

    var channels: Dictionary<String, [Subscription]>.Keys { all.keys }
    var isEmpty: Bool { all.isEmpty }

    /// True when the channel is new.
    mutating func add(_ subscription: Subscription) -> Bool {
        all[subscription.channel, default: []].append(subscription)
        if standing.contains(subscription.channel) { subscription.continuation.yield(.connected) }
        return all[subscription.channel]?.count == 1
    }

    /// True when it was the last one of its channel.
    mutating func remove(_ subscription: Subscription) -> Bool {
        guard var rest = all[subscription.channel] else { return false }
        rest.removeAll { $0 === subscription }
        all[subscription.channel] = rest.isEmpty ? nil : rest
        if rest.isEmpty { standing.remove(subscription.channel) }
        return rest.isEmpty
    }

    mutating func listening(_ channel: String) {
        guard let subscriptions = all[channel] else { return }
        standing.insert(channel)
        for subscription in subscriptions { subscription.continuation.yield(.connected) }
    }

    func notify(_ channel: String, _ payload: String) {
        for subscription in all[channel] ?? [] { subscription.continuation.yield(.notification(payload)) }
    }

    mutating func disconnected() {
        standing = []
    }

    mutating func finish() {
        for subscription in all.values.joined() { subscription.continuation.finish() }
        all = [:]
    }
}
