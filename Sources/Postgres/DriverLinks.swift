import Logging

/// Connections: opened, written to, read from, lost.
extension Driver {
    /// A token is the number of the connection and, in its lower bits, its slot.
    private static let slotBits: UInt64 = 16

    func open(_ slot: Int) {
        let connector = connector(slot)
        HelperThread.run { [inbox] in
            let result = Result { () throws(PostgresError) in try connector.openPipeline() }
            if !inbox.post(.connected(slot, result)) { Command.connected(slot, result).refuse() }
        }
    }

    func connected(_ slot: Int, _ result: Result<OpenConnection, PostgresError>) {
        switch result {
        case .success(let connection): stands(slot, connection)
        case .failure(let error): failedToOpen(slot, error)
        }
    }

    func handle(_ event: Poller.Event) {
        let slot = Int(event.token & (1 << Self.slotBits - 1))
        guard let link = links[slot], link.token == event.token else { return }
        if event.readable { link.read() }
        if link.waitsToWrite { markDirty(link) }
        serve(link)
    }

    func markDirty(_ link: Link) {
        if !link.isDirty { dirty.append(link) }
        link.isDirty = true
    }

    /// Writes, then looks for results: libpq also reads where a full socket would have blocked it.
    func flush() {
        while let link = dirty.popLast() {
            guard links[link.slot] === link else { continue }
            let isFull = link.flush()
            if isFull != link.waitsToWrite {
                link.waitsToWrite = isFull
                poller.watch(link.descriptor, token: link.token, writable: isFull)
            }
            serve(link)
        }
    }

    func close(_ slot: Int) {
        if let link = links[slot] {
            part(link, PostgresError(.connection, "the connection was closed"))
        }
        pool.closed(slot)
    }

    func stalled(_ slot: Int) {
        guard let link = links[slot] else { return pool.closed(slot) }
        lose(link, PostgresError(.connection, "the server has stopped answering"))
    }

    /// Ends everything at once.
    func abandon() {
        for link in links.compactMap({ $0 }) {
            part(link, .databaseClosed)
            pool.closed(link.slot)
        }
        for request in pool.clearLines() { request.fail(.databaseClosed) }
    }

    private func connector(_ slot: Int) -> Connector {
        let listens = pool.slots[slot].role == .listener
        return Connector(
            url: listens ? configuration.listenURL ?? configuration.url : configuration.url,
            applicationName: configuration.applicationName,
            statementTimeout: configuration.named && !listens ? configuration.statementTimeout : nil)
    }

    private func stands(_ slot: Int, _ connection: OpenConnection) {
        connectionsMade += 1
        let link = Link(
            connection, slot: slot, token: connectionsMade << Self.slotBits | UInt64(slot), named: configuration.named)
        links[slot] = link
        lastFailure = nil
        poller.add(link.descriptor, token: link.token)
        logger.debug("database connection opened", metadata: metadata(slot))
        for request in pool.opened(slot, now: now) {
            if pool.slots[slot].role == .leased { grant(request, link) } else { send(request, link) }
        }
        if pool.slots[slot].role == .listener { listenToAll(link) }
    }

    /// Only the first failure in a row is worth a warning.
    private func failedToOpen(_ slot: Int, _ error: PostgresError) {
        let level: Logger.Level = pool.failures(of: pool.slots[slot].role) == 0 ? .warning : .debug
        logger.log(level: level, "database connection failed", metadata: metadata(slot, error))
        lastFailure = error
        pool.failed(slot, now: now, chance: .random(in: 0..<1))
    }

    private func serve(_ link: Link) {
        while let request = link.nextDone() { done(request, link) }
        if pool.slots[link.slot].role == .listener { hear(link) }
        if link.isBroken { lose(link, link.loss) }
    }

    private func lose(_ link: Link, _ error: PostgresError) {
        guard links[link.slot] === link else { return }
        logger.log(
            level: pool.isClosing ? .debug : .warning, "database connection lost", metadata: metadata(link.slot, error))
        lastFailure = error
        part(link, error)
        pool.failed(link.slot, now: now, chance: .random(in: 0..<1))
    }

    /// Lets a connection go. What was in flight may or may not have happened.
    private func part(_ link: Link, _ error: PostgresError) {
        poller.remove(link.descriptor)
        links[link.slot] = nil
        for request in link.abandon() { request.fail(request.failure ?? error) }
        release(link)
        if pool.slots[link.slot].role == .listener { subscriptions.disconnected() }
    }

    private func metadata(_ slot: Int, _ error: PostgresError? = nil) -> Logger.Metadata {
        var metadata: Logger.Metadata = ["database.role": "\(pool.slots[slot].role)", "database.slot": "\(slot)"]
        if let error { metadata["error"] = "\(error)" }
        return metadata
    }
}
