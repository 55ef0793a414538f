import Core
import Testing

@Suite struct StatusTests {
    @Test(
        arguments: [
            ([], Status.error),
            ([.pending], .pending), ([.pending, .pending], .pending),
            ([.pending, .running], .running), ([.running], .running), ([.pending, .success], .running),
            ([.running, .error], .running), ([.pending, .killed], .running), ([.unknown, .success], .running),
            ([.success], .success), ([.success, .success], .success),
            ([.success, .failure], .failure), ([.failure, .killed], .killed), ([.killed, .error], .error),
            ([.success, .failure, .killed, .error], .error), ([.error, .success], .error),
            ([.killed, .success], .killed),
        ] as [([Status], Status)])
    func aBuildStandsWhereItsJobsDo(jobs: [Status], build: Status) {
        #expect(Status.ofBuild(jobs: jobs) == build)
        #expect(Status.ofBuild(jobs: jobs.reversed()) == build)
    }

    /// Row: from; column: to.
    @Test func aJobMovesAsItMay() {
        let allowed: [Status: Set<Status>] = [
            .pending: [.running, .killed, .error],
            .running: [.pending, .success, .failure, .killed, .error, .skipped],
            .success: [.pending], .failure: [.pending], .killed: [.pending], .error: [.pending], .skipped: [.pending],
            .unknown: [],
        ]
        for from in Status.allCases {
            for to in Status.allCases {
                #expect(from.mayBecome(to) == (allowed[from]?.contains(to) == true), "\(from) → \(to)")
            }
        }
    }

    @Test func whatIsFinished() {
        #expect(Status.allCases.filter(\.isFinished) == [.success, .failure, .killed, .error, .skipped])
    }

    @Test func aNewerServersWordsAreUnknown() {
        #expect(Status(stored: "paused") == .unknown && Status(stored: "running") == .running)
        #expect(Event(stored: "release") == .unknown && Event(stored: "pull_request") == .pullRequest)
    }

    @Test func levelsAreOrdered() {
        #expect(Level.allCases.sorted() == [.none, .read, .write, .admin])
        for (index, left) in Level.allCases.enumerated() {
            for (other, right) in Level.allCases.enumerated() { #expect((left < right) == (index < other)) }
        }
    }

    @Test(arguments: Event.allCases) func eventsAreAllowedOneByOne(event: Event) {
        let allowed = Repo.Allowed(
            pullRequests: event == .pullRequest, pushes: event == .push, deployments: event == .deployment,
            tags: event == .tag)
        for other in Event.allCases { #expect(allowed[other] == (other == event && event != .unknown)) }
    }
}
