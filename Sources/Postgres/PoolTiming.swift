/// What time brings: connections to open and to close, waiters to give up on.
extension PoolState {
    enum Action: Equatable {
        case open(Int)
        /// Nobody needs it, or it did not come to rest in time.
        case close(Int)
        /// It takes statements and answers none.
        case stalled(Int)
        case expire(Waiter, Refusal)
        /// Closing took too long: drop what is left.
        case abandon
    }

    /// Nothing new is taken from now on; what is in hand has until `bound` to end.
    mutating func close(now: Instant, within bound: Duration) {
        closesAt = min(closesAt ?? now + bound, now + bound)
        wantsListener = false
    }

    /// Closing and nothing left in hand. A connection still being opened has no work and is not waited for.
    var isFinished: Bool {
        isClosing && sharedLine.isEmpty && leasedLine.isEmpty
            && slots.allSatisfy { $0.phase == .closed || $0.phase == .connecting }
    }

    /// What is to be done at this moment. Slots to open count as connecting, expired waiters as gone;
    /// slots to close are reported back with `closed` or `failed`.
    mutating func due(_ now: Instant) -> [Action] {
        var actions: [Action] = []
        expire(now, &actions)
        for slot in slots.indices {
            if let action = overdue(slot, now) { actions.append(action) }
        }
        for role in Role.allCases { open(role, now, &actions) }
        if let closesAt, closesAt <= now, !isFinished { actions.append(.abandon) }
        return actions
    }

    /// When `due` has something to say at the latest, if nothing happens before.
    var nextDeadline: Instant? {
        var earliest = closesAt
        func consider(_ instant: Instant?) {
            guard let instant else { return }
            earliest = min(earliest ?? instant, instant)
        }
        consider(sharedLine.first?.deadline)
        consider(leasedLine.first?.deadline)
        for slot in slots { consider(deadline(slot)) }
        for role in Role.allCases where wanted(role) > 0 { consider(backoffs[role.rawValue].until) }
        return earliest
    }

    private mutating func expire(_ now: Instant, _ actions: inout [Action]) {
        while let first = sharedLine.first, first.deadline <= now, let late = sharedLine.popFirst() {
            actions.append(.expire(late.waiter, refusal(.shared)))
            statistics.refused += 1
        }
        while let first = leasedLine.first, first.deadline <= now, let late = leasedLine.popFirst() {
            actions.append(.expire(late.waiter, refusal(.leased)))
            statistics.refused += 1
        }
    }

    private func refusal(_ role: Role) -> Refusal {
        let stands = indices(of: role).contains { ![.closed, .connecting].contains(slots[$0].phase) }
        return stands ? .late : .unreachable
    }

    private func deadline(_ slot: Slot) -> Instant? {
        switch (slot.role, slot.phase) {
        case (.shared, .free): slot.inFlight > 0 ? slot.since + limits.stall : nil
        case (.leased, .free): slot.since + limits.idle
        case (.leased, .draining(let until)): until
        default: nil
        }
    }

    private func overdue(_ index: Int, _ now: Instant) -> Action? {
        let slot = slots[index]
        if isClosing, slot.phase == .free, slot.inFlight == 0 { return .close(index) }
        guard let deadline = deadline(slot), deadline <= now else { return nil }
        return slot.role == .shared ? .stalled(index) : .close(index)
    }

    /// How many connections of a kind should be opened besides those that are being opened.
    private func wanted(_ role: Role) -> Int {
        let (closed, connecting) = indices(of: role).reduce(into: (0, 0)) { counts, slot in
            if slots[slot].phase == .closed { counts.0 += 1 }
            if slots[slot].phase == .connecting { counts.1 += 1 }
        }
        let wish =
            switch role {
            case .shared: isStarted && !isClosing || !sharedLine.isEmpty ? closed : 0
            case .leased: min(closed, leasedLine.count - connecting)
            case .listener: wantsListener ? closed : 0
            }
        return failures(of: role) > 0 ? min(wish, 1 - connecting) : wish
    }

    private mutating func open(_ role: Role, _ now: Instant, _ actions: inout [Action]) {
        let count = wanted(role)
        guard count > 0, backoffs[role.rawValue].allows(now) else { return }
        for slot in indices(of: role).filter({ slots[$0].phase == .closed }).prefix(count) {
            slots[slot].phase = .connecting
            actions.append(.open(slot))
        }
    }
}
