import Testing

@testable import Postgres

/// The pool's decisions, on a made-up clock.
struct PoolStateTests {
    typealias Pool = PoolState<Int>

    let start = ContinuousClock.now

    func pool(shared: Int = 2, leased: Int = 2, waiting: Int = 3, window: Int = 2) -> Pool {
        var limits = Pool.Limits()
        limits.shared = shared
        limits.leased = leased
        limits.waiting = waiting
        limits.window = window
        return Pool(limits, now: start)
    }

    /// All shared connections stand.
    func open(shared: Int = 2, window: Int = 2) -> Pool {
        var pool = pool(shared: shared, window: window)
        pool.isStarted = true
        _ = pool.due(start)
        for slot in pool.sharedSlots { #expect(pool.opened(slot, now: start).isEmpty) }
        return pool
    }

    @Test func nothingIsOpenedBeforeTheFirstUse() {
        var pool = pool()
        #expect(pool.due(start) == [])
        #expect(pool.placeStatement(1, now: start) == .waits)
        #expect(pool.due(start) == [.open(0), .open(1)])
        #expect(pool.due(start) == [])
        #expect(pool.opened(1, now: start) == [1])
    }

    @Test func statementsGoWhereFewestAreUnderWay() {
        var pool = open()
        #expect(pool.placeStatement(1, now: start) == .slot(0))
        #expect(pool.placeStatement(2, now: start) == .slot(1))
        #expect(pool.placeStatement(3, now: start) == .slot(0))
        #expect(pool.statementDone(0, now: start) == nil)
        #expect(pool.statementDone(0, now: start) == nil)
        #expect(pool.placeStatement(4, now: start) == .slot(0))
    }

    @Test func beyondTheWindowStatementsWaitInOrderAndUpToTheBound() {
        var pool = open(shared: 1)
        #expect(pool.placeStatement(1, now: start) == .slot(0))
        #expect(pool.placeStatement(2, now: start) == .slot(0))
        for waiter in 3...5 { #expect(pool.placeStatement(waiter, now: start) == .waits) }
        #expect(pool.placeStatement(6, now: start) == .refused(.full))
        #expect(pool.statementDone(0, now: start) == 3)
        #expect(pool.statementDone(0, now: start) == 4)
        #expect(pool.snapshot.sharedInFlight == 2)
        #expect(pool.snapshot.refused == 1)
    }

    @Test func leasesAreOpenedOnDemandAndHandedOnInOrder() {
        var pool = pool()
        #expect(pool.placeLease(1, now: start) == .waits)
        #expect(pool.due(start).contains(.open(2)))
        #expect(!pool.due(start).contains(.open(3)))
        #expect(pool.placeLease(2, now: start) == .waits)
        #expect(pool.placeLease(3, now: start) == .waits)
        #expect(pool.due(start) == [.open(3)])
        #expect(pool.opened(2, now: start) == [1])
        #expect(pool.opened(3, now: start) == [2])
        pool.leaseEnding(2, now: start)
        #expect(pool.leaseDone(2, now: start) == 3)
        #expect(pool.leaseDone(3, now: start) == nil)
        #expect(pool.placeLease(4, now: start) == .slot(3))
    }

    @Test func theLeaseThatBecameFreeLastIsUsedFirst() {
        var pool = pool()
        _ = pool.placeLease(1, now: start)
        _ = pool.placeLease(2, now: start)
        _ = pool.due(start)
        _ = pool.opened(2, now: start)
        _ = pool.opened(3, now: start)
        #expect(pool.leaseDone(2, now: start + .seconds(2)) == nil)
        #expect(pool.leaseDone(3, now: start + .seconds(1)) == nil)
        #expect(pool.placeLease(3, now: start + .seconds(3)) == .slot(2))
    }

    @Test func aFreeLeaseIsClosedAfterItsIdleTime() {
        var pool = pool()
        _ = pool.placeLease(1, now: start)
        _ = pool.due(start)
        _ = pool.opened(2, now: start)
        _ = pool.leaseDone(2, now: start)
        let idle = start + pool.limits.idle
        #expect(!pool.due(idle - .seconds(1)).contains(.close(2)))
        #expect(pool.due(idle).contains(.close(2)))
    }

    @Test func aLeaseThatDoesNotComeToRestIsClosed() {
        var pool = pool()
        _ = pool.placeLease(1, now: start)
        _ = pool.due(start)
        _ = pool.opened(2, now: start)
        pool.leaseEnding(2, now: start)
        #expect(pool.nextDeadline == start + pool.limits.drain)
        #expect(pool.due(start + pool.limits.drain) == [.close(2)])
    }

    @Test func whoWaitsTooLongIsTold() {
        var pool = open(shared: 1, window: 1)
        _ = pool.placeStatement(1, now: start)
        _ = pool.placeStatement(2, now: start)
        let late = start + pool.limits.wait
        #expect(pool.nextDeadline == late)
        #expect(pool.due(late - .milliseconds(1)) == [])
        #expect(pool.due(late) == [.expire(2, .late)])
        #expect(pool.due(late) == [])
    }

    @Test func withoutAnyConnectionTheReasonIsAnother() {
        var pool = pool(shared: 1)
        _ = pool.placeStatement(1, now: start)
        _ = pool.placeLease(2, now: start)
        _ = pool.due(start)
        let actions = pool.due(start + pool.limits.wait)
        #expect(actions == [.expire(1, .unreachable), .expire(2, .unreachable)])
    }

    @Test func aCancelledWaiterLeavesTheLine() {
        var pool = open(shared: 1, window: 1)
        for waiter in 1...3 { _ = pool.placeStatement(waiter, now: start) }
        let withdrawn = [pool.withdraw(1), pool.withdraw(2)]
        #expect(withdrawn == [false, true])
        #expect(pool.statementDone(0, now: start) == 3)
    }

    @Test func afterAFailureOneConnectionTriesForAll() {
        var pool = open()
        pool.failed(0, now: start, chance: 0)
        pool.failed(1, now: start, chance: 0)
        #expect(pool.failures(of: .shared) == 1)
        #expect(pool.due(start) == [])
        let retry = start + .milliseconds(25)
        #expect(pool.nextDeadline == retry)
        #expect(pool.due(retry) == [.open(0)])
        #expect(pool.due(retry + .seconds(1)) == [])
        #expect(pool.opened(0, now: retry) == [])
        #expect(pool.due(retry) == [.open(1)])
    }

    @Test func statementsThatNobodyAnswersBreakTheirConnection() {
        var pool = open(shared: 1)
        _ = pool.placeStatement(1, now: start)
        let answered = start + .seconds(30)
        _ = pool.placeStatement(2, now: answered)
        _ = pool.statementDone(0, now: answered)
        #expect(pool.due(answered + pool.limits.stall - .seconds(1)) == [])
        #expect(pool.due(answered + pool.limits.stall) == [.stalled(0)])
    }

    @Test func closingWaitsForWhatIsInHand() {
        var pool = open(shared: 1, window: 1)
        _ = pool.placeStatement(1, now: start)
        _ = pool.placeStatement(2, now: start)
        pool.close(now: start, within: .seconds(10))
        #expect(pool.placeStatement(3, now: start) == .refused(.closed))
        #expect(pool.placeLease(4, now: start) == .refused(.closed))
        #expect(pool.due(start) == [])
        #expect(pool.statementDone(0, now: start) == 2)
        #expect(pool.statementDone(0, now: start) == nil)
        #expect(pool.due(start) == [.close(0)])
        #expect(!pool.isFinished)
        pool.closed(0)
        #expect(pool.isFinished)
    }

    @Test func closingHasABound() {
        var pool = open(shared: 1)
        _ = pool.placeStatement(1, now: start)
        pool.close(now: start, within: .seconds(10))
        #expect(pool.nextDeadline == start + .seconds(10))
        #expect(pool.due(start + .seconds(10)) == [.abandon])
        pool.close(now: start, within: .zero)
        #expect(pool.due(start) == [.abandon])
    }

    @Test func aPoolThatWasNeverUsedClosesAtOnce() {
        var pool = pool()
        pool.close(now: start, within: .seconds(10))
        #expect(pool.isFinished)
    }

    @Test func theListenerIsOpenedWhileSomebodyListens() {
        var pool = pool()
        pool.wantsListener = true
        #expect(pool.due(start) == [.open(pool.listenerSlot)])
        pool.failed(pool.listenerSlot, now: start, chance: 0)
        #expect(pool.due(start) == [])
        #expect(pool.due(start + .milliseconds(25)) == [.open(pool.listenerSlot)])
        _ = pool.opened(pool.listenerSlot, now: start)
        #expect(pool.snapshot.listening)
    }
}
