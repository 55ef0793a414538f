/// Statements on shared connections, and what becomes of every statement.
extension Driver {
    func place(_ request: Request, _ answer: Request.Answer) {
        request.answer = answer
        if request.isCancelled { return request.fail(.taskCancelled) }
        switch pool.placeStatement(request, now: now) {
        case .slot(let slot): send(request, links[slot])
        case .waits: break
        case .refused(let refusal): request.fail(error(refusal))
        }
    }

    func send(_ request: Request, _ link: Link?, begin: Statement? = nil) {
        guard let link else { return request.fail(.connectionLost) }
        markDirty(link)
        link.send(request, begin: begin)
    }

    /// A waiter in line is gone at once. On a shared connection only the waiting ends: a cancel request names a
    /// connection, not a statement, and would hit a neighbour's. On a leased one the server is asked to stop.
    func cancel(_ request: Request) {
        request.isCancelled = true
        if case .nobody = request.answer { return }
        let waited = pool.withdraw(request)
        request.fail(.taskCancelled)
        guard !waited, let link = request.lease?.link, link.inFlight.first == request else { return }
        link.requestCancel { [inbox] in _ = inbox.post(.cancelSent(link)) }
    }

    /// Everything the server had to say to a request has come.
    func done(_ request: Request, _ link: Link) {
        pool.statistics.statements += 1
        if let failure = request.failure {
            if request.preludes > 0 || failure.isStalePlan { link.forget(request.statement) }
            if failure.isStalePlan, mayRepeat(request, link) { return repeatOnce(request, link) }
        }
        report(request, link)
        if let lease = link.lease {
            settle(lease)
        } else if pool.sharedSlots.contains(link.slot), let next = pool.statementDone(link.slot, now: now) {
            send(next, link)
        }
    }

    private func mayRepeat(_ request: Request, _ link: Link) -> Bool {
        !request.isRepeated && !request.once && (request.lease == nil || !link.isInTransaction)
    }

    private func repeatOnce(_ request: Request, _ link: Link) {
        request.reset()
        request.isRepeated = true
        send(request, link)
    }

    private func report(_ request: Request, _ link: Link) {
        if case .listening(let channel) = request.answer { return listening(channel, request.failure, link) }
        if let failure = request.failure {
            request.fail(failure)
        } else if let rows = request.rows.take() {
            request.succeed(rows)
        } else {
            request.fail(.connectionLost)
        }
    }
}

extension PostgresError {
    static let taskCancelled = PostgresError(.cancelled, "the task was cancelled")
    static let connectionLost = PostgresError(.connection, "the connection to the server was lost")
}
