import Logging

/// LISTEN and what it brings.
extension Driver {
    func subscribe(_ subscription: Subscription) {
        if pool.isClosing { return subscription.continuation.finish() }
        pool.wantsListener = configuration.listenURL != nil
        if subscriptions.add(subscription), let link = links[pool.listenerSlot] { listen(subscription.channel, link) }
    }

    func unsubscribe(_ subscription: Subscription) {
        guard subscriptions.remove(subscription) else { return }
        if subscriptions.isEmpty {
            pool.wantsListener = false
            if links[pool.listenerSlot] != nil { close(pool.listenerSlot) }
        } else if let link = links[pool.listenerSlot] {
            let sql = "unlisten \(quoted(subscription.channel))"
            send(Request(Statement(name: "unlisten", sql: sql), once: true), link)
        }
    }

    func listenToAll(_ link: Link) {
        for channel in subscriptions.channels { listen(channel, link) }
    }

    /// The answer to a LISTEN. Without it the connection is useless.
    func listening(_ channel: String, _ failure: PostgresError?, _ link: Link) {
        guard let failure else { return subscriptions.listening(channel) }
        logger.warning("LISTEN failed", metadata: ["database.channel": "\(channel)", "error": "\(failure)"])
        link.distrust()
    }

    func hear(_ link: Link) {
        while let (channel, payload) = link.nextNotification() { subscriptions.notify(channel, payload) }
    }

    private func listen(_ channel: String, _ link: Link) {
        let request = Request(Statement(name: "listen", sql: "listen \(quoted(channel))"), once: true)
        request.answer = .listening(channel)
        send(request, link)
    }

    private func quoted(_ identifier: String) -> String {
        "\"\(identifier.replacing("\"", with: "\"\""))\""
    }
}
