/// Who gets which slot.
extension PoolState {
    /// A statement: on the shared slot with the fewest under way, or in line.
    mutating func placeStatement(_ waiter: Waiter, now: Instant) -> Placement {
        isStarted = true
        if isClosing { return refuse(.closed) }
        if let slot = leastBusy() {
            take(slot, now)
            return .slot(slot)
        }
        guard sharedLine.count < limits.waiting else { return refuse(.full) }
        sharedLine.append(Waiting(waiter: waiter, deadline: now + limits.wait))
        return .waits
    }

    /// A lease: of the slot that became free last, so that the others grow idle, or in line.
    mutating func placeLease(_ waiter: Waiter, now: Instant) -> Placement {
        isStarted = true
        if isClosing { return refuse(.closed) }
        let free = leasedSlots.filter { slots[$0].phase == .free }
        if let slot = free.max(by: { slots[$0].since < slots[$1].since }) {
            slots[slot].phase = .leased
            return .slot(slot)
        }
        guard leasedLine.count < limits.waiting else { return refuse(.full) }
        leasedLine.append(Waiting(waiter: waiter, deadline: now + limits.wait))
        return .waits
    }

    /// A statement was answered: the next in line may go onto the same slot.
    mutating func statementDone(_ slot: Int, now: Instant) -> Waiter? {
        slots[slot].inFlight -= 1
        slots[slot].since = now
        return nextStatement(slot, now)
    }

    /// A lease has ended and the slot is to be brought to rest.
    mutating func leaseEnding(_ slot: Int, now: Instant) {
        slots[slot].phase = .draining(until: now + limits.drain)
    }

    /// The slot is at rest: the next in line has it.
    mutating func leaseDone(_ slot: Int, now: Instant) -> Waiter? {
        slots[slot].since = now
        let next = leasedLine.popFirst()?.waiter
        slots[slot].phase = next == nil ? .free : .leased
        return next
    }

    /// A connection stands. Gives those in line that go onto it now.
    mutating func opened(_ slot: Int, now: Instant) -> [Waiter] {
        statistics.opened += 1
        slots[slot].phase = .free
        slots[slot].inFlight = 0
        slots[slot].since = now
        backoffs[slots[slot].role.rawValue].succeeded()
        switch slots[slot].role {
        case .shared: return fill(slot, now)
        case .leased: return leaseDone(slot, now: now).map { [$0] } ?? []
        case .listener: return []
        }
    }

    /// A connection could not be opened, or broke.
    mutating func failed(_ slot: Int, now: Instant, chance: Double) {
        statistics.broken += 1
        closed(slot)
        backoffs[slots[slot].role.rawValue].failed(at: now, chance: chance)
    }

    /// A connection was closed on purpose.
    mutating func closed(_ slot: Int) {
        slots[slot].phase = .closed
        slots[slot].inFlight = 0
    }

    /// Takes a cancelled one out of the line; false when it is not in one.
    mutating func withdraw(_ waiter: Waiter) -> Bool {
        sharedLine.removeFirst { $0.waiter == waiter } != nil || leasedLine.removeFirst { $0.waiter == waiter } != nil
    }

    private func leastBusy() -> Int? {
        var best: Int?
        for slot in sharedSlots where slots[slot].phase == .free && slots[slot].inFlight < limits.window {
            if best.map({ slots[slot].inFlight < slots[$0].inFlight }) ?? true { best = slot }
        }
        return best
    }

    private mutating func take(_ slot: Int, _ now: Instant) {
        if slots[slot].inFlight == 0 { slots[slot].since = now }
        slots[slot].inFlight += 1
    }

    private mutating func nextStatement(_ slot: Int, _ now: Instant) -> Waiter? {
        guard let next = sharedLine.popFirst() else { return nil }
        take(slot, now)
        return next.waiter
    }

    private mutating func fill(_ slot: Int, _ now: Instant) -> [Waiter] {
        var waiters: [Waiter] = []
        while waiters.count < limits.window, let next = nextStatement(slot, now) { waiters.append(next) }
        return waiters
    }

    private mutating func refuse(_ refusal: Refusal) -> Placement {
        statistics.refused += 1
        return .refused(refusal)
    }
}
