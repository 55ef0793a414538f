import Core
import Testing

@testable import Agent

struct StepScheduleTests {
    private func plan(_ number: Int, after: [Int] = [], on: Set<StepPlan.Outcome> = [.success]) -> StepPlan {
        var plan = step(number, ["true"], on: on)
        plan.dependsOn = after
        return plan
    }

    private func moves(_ schedule: inout StepSchedule, isStopped: Bool = false) -> [String] {
        var moves: [String] = []
        while let move = schedule.next(isStopped: isStopped) {
            switch move {
            case .run(let step): moves.append("run \(step.number)")
            case .skip(let step): moves.append("skip \(step.number)")
            }
        }
        return moves
    }

    @Test func startsWhatWaitsForNobody() {
        var schedule = StepSchedule([plan(1), plan(2), plan(3, after: [1]), plan(4, after: [2, 3])])
        #expect(moves(&schedule) == ["run 1", "run 2"])
        schedule.end(2, JobOutcome())
        #expect(moves(&schedule) == [])
        schedule.end(1, JobOutcome())
        #expect(moves(&schedule) == ["run 3"])
        schedule.end(3, JobOutcome())
        #expect(moves(&schedule) == ["run 4"])
        schedule.end(4, JobOutcome())
        #expect(moves(&schedule) == [])
        #expect(schedule.outcome == JobOutcome())
    }

    /// Whichever ends first.
    @Test(arguments: [[1, 2], [2, 1]])
    func theOutcomeDoesNotDependOnSpeed(order: [Int]) {
        var schedule = StepSchedule([
            plan(1), plan(2), plan(3, after: [2]), plan(4, after: [1], on: [.failure]),
            plan(5, after: [3, 4], on: [.success, .failure]),
        ])
        _ = moves(&schedule)
        for number in order {
            schedule.end(number, JobOutcome(status: number == 1 ? .failure : .success, exitCode: number == 1 ? 7 : 0))
            _ = moves(&schedule)
        }
        for number in [3, 4] { schedule.end(number, JobOutcome()) }
        #expect(moves(&schedule) == ["run 5"])
        schedule.end(5, JobOutcome(status: .failure, exitCode: 9))
        #expect(schedule.outcome == JobOutcome(status: .failure, exitCode: 7))
    }

    @Test func aFailureIsHandedOnBySkippedSteps() {
        var schedule = StepSchedule([plan(1), plan(2, after: [1]), plan(3, after: [2], on: [.failure])])
        _ = moves(&schedule)
        schedule.end(1, JobOutcome(status: .failure, exitCode: 1))
        #expect(moves(&schedule) == ["skip 2", "run 3"])
    }

    @Test func afterAnErrorNothingStarts() {
        var schedule = StepSchedule([plan(1), plan(2), plan(3, after: [1], on: [.failure]), plan(4, after: [2])])
        _ = moves(&schedule)
        schedule.end(1, JobOutcome(status: .error, exitCode: 1, error: "no"))
        #expect(moves(&schedule) == ["skip 3"])
        schedule.end(2, JobOutcome(status: .failure, exitCode: 1))
        #expect(moves(&schedule) == ["skip 4"])
        #expect(schedule.outcome.status == .error)
        #expect(!schedule.wasCut)
    }

    @Test func aStopCutsWhatWouldHaveRun() {
        var schedule = StepSchedule([plan(1), plan(2, after: [1])])
        _ = moves(&schedule)
        schedule.end(1, JobOutcome())
        #expect(moves(&schedule, isStopped: true) == ["skip 2"])
        #expect(schedule.wasCut)
    }

    @Test func anIgnoredFailureIsNone() {
        var ignoring = plan(1)
        ignoring.ignoresFailure = true
        var schedule = StepSchedule([ignoring, plan(2, after: [1]), plan(3, after: [1], on: [.failure])])
        _ = moves(&schedule)
        schedule.end(1, JobOutcome(status: .failure, exitCode: 3))
        #expect(moves(&schedule) == ["run 2", "skip 3"])
        schedule.end(2, JobOutcome())
        #expect(schedule.outcome == JobOutcome())
    }

    @Test func anErrorIsNeverIgnored() {
        var ignoring = plan(1)
        ignoring.ignoresFailure = true
        var schedule = StepSchedule([ignoring, plan(2, after: [1])])
        _ = moves(&schedule)
        schedule.end(1, JobOutcome(status: .error, exitCode: 1, error: "no"))
        #expect(moves(&schedule) == ["skip 2"])
        #expect(schedule.outcome.status == .error)
    }
}
