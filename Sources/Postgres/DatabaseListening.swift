extension Database {
    /// Unread events kept for one listener. Beyond, the oldest are dropped: notifications are hints.
    private static let unread = 1024

    /// What is sent on a channel, on the one connection that listens.
    ///
    /// Yields `.connected` each time LISTEN stands: whatever was sent before may be lost. Where there is no connection
    /// that can listen (statements unnamed and no direct URL) it yields nothing. Ends with the database.
    package func listen(to channel: String) -> AsyncStream<ListenEvent> {
        AsyncStream(bufferingPolicy: .bufferingNewest(Self.unread)) { [loop] continuation in
            let subscription = Subscription(channel, continuation)
            continuation.onTermination = { _ in loop.tell(.unsubscribe(subscription)) }
            loop.tell(.subscribe(subscription))
        }
    }
}
