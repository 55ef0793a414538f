/// Leased connections: who has them, and how they come to rest.
extension Driver {
    private static let rollback = Statement(name: "rollback", sql: "rollback")

    func placeLease(_ request: Request, _ answer: Request.Answer) {
        request.answer = answer
        if request.isCancelled { return request.fail(.taskCancelled) }
        switch pool.placeLease(request, now: now) {
        case .slot(let slot): grant(request, links[slot])
        case .waits: break
        case .refused(let refusal): request.fail(error(refusal))
        }
    }

    func grant(_ request: Request, _ link: Link?) {
        guard let link else { return request.fail(.connectionLost) }
        let lease = Lease(link, begin: request.statement.sql.isEmpty ? nil : request.statement)
        link.lease = lease
        request.succeed(lease)
    }

    func sendLeased(_ request: Request, _ answer: Request.Answer, _ lease: Lease) {
        request.answer = answer
        request.lease = lease
        if request.isCancelled { return request.fail(.taskCancelled) }
        if lease.isEnded { return request.fail(PostgresError(.closed, "the lease of this connection has ended")) }
        send(request, lease.link, begin: lease.link == nil ? nil : lease.begin.take())
    }

    func end(_ lease: Lease, _ continuation: UnsafeContinuation<Void, Never>?) {
        lease.isEnded = true
        guard let link = lease.link else {
            continuation?.resume()
            return
        }
        lease.whenEnded = continuation
        pool.leaseEnding(link.slot, now: now)
        settle(lease)
    }

    func cancelSent(_ link: Link) {
        link.cancelsUnderWay -= 1
        if let lease = link.lease { settle(lease) }
    }

    /// Brings an ended lease's connection back as soon as it is at rest: nothing under way, no cancel request that
    /// could hit the next statement, no transaction. What a rollback does not clear is closed.
    func settle(_ lease: Lease) {
        guard lease.isEnded, let link = lease.link, link.isDrained, !link.isBroken else { return }
        if !link.isInTransaction { return giveBack(link) }
        guard !lease.isRolledBack else { return close(link.slot) }
        lease.isRolledBack = true
        let request = Request(Self.rollback, once: true)
        request.lease = lease
        send(request, link)
    }

    /// The lease is over, whatever became of its connection.
    func release(_ link: Link) {
        link.lease?.link = nil
        link.lease?.whenEnded.take()?.resume()
        link.lease = nil
    }

    private func giveBack(_ link: Link) {
        release(link)
        if let next = pool.leaseDone(link.slot, now: now) { grant(next, link) }
    }
}
