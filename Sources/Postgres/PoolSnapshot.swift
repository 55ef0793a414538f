extension PoolState {
    /// The counters together with what stands now.
    var snapshot: PoolStatistics {
        var snapshot = statistics
        snapshot.sharedOpen = sharedSlots.count { slots[$0].phase == .free }
        snapshot.sharedInFlight = sharedSlots.reduce(0) { $0 + slots[$1].inFlight }
        snapshot.sharedWaiting = sharedLine.count
        snapshot.leasedIdle = leasedSlots.count { slots[$0].phase == .free }
        snapshot.leasedInUse = leasedSlots.count { ![.free, .closed, .connecting].contains(slots[$0].phase) }
        snapshot.leasedWaiting = leasedLine.count
        snapshot.listening = slots[listenerSlot].phase == .free
        return snapshot
    }

    /// Takes everybody out of both lines.
    mutating func clearLines() -> [Waiter] {
        var waiters: [Waiter] = []
        while let next = sharedLine.popFirst() { waiters.append(next.waiter) }
        while let next = leasedLine.popFirst() { waiters.append(next.waiter) }
        return waiters
    }
}
