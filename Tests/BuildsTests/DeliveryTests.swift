import Builds
import Core
import Forge
import Foundation
import Store
import Synchronization
import TestSupport
import Testing

/// Each delivery that was taken ends, exactly once, as builds or as a reason for none.
@Suite struct DeliveryTests {
    private let main = "refs/heads/main"

    @Test func twoHundredAtOnceAreTwoHundredBuilds() async throws {
        try await withLab { lab in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 1...200 {
                    group.addTask {
                        try await lab.deliver(
                            RefChange(ref: "refs/heads/main", before: nil, after: Lab.commit(number)), id: "d\(number)")
                    }
                }
                for _ in 0..<3 {
                    group.addTask {
                        try await eventually(timeout: .seconds(180)) {
                            try await lab.handleDeliveries()
                            return try await lab.number("select count(*) from builds") == 200
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(
                try await lab.text(
                    "select array_agg(number order by number) = array(select generate_series(1, 200)::bigint) from builds"
                ) == "true")
            #expect(try await lab.number("select count(distinct commit) from builds") == 200)
            #expect(try await lab.number("select last_number from build_counters") == 200)
            #expect(try await lab.number("select count(*) from queue") == 200)
            #expect(
                try await lab.number(
                    "select count(*) from deliveries where outcome = 'built' and cardinality(builds) = 1") == 200)
            #expect(try await lab.store.isIntakeIdle(repoID: lab.repo.id))
        }
    }

    /// The same over HTTP, on a real repository: 200 branches of one commit.
    @Test(.timeLimit(.minutes(10))) func twoHundredOverHTTP() async throws {
        try await withServer { server in
            let file = "build:\n  image: busybox\n  commands: [echo hi]\n"
            let repo = try await server.repo("octo/hello", files: [".drone.yml": file])
            let commit = try await server.store.refs(repoID: repo.id)["refs/heads/main"]
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...200 {
                    group.addTask {
                        try await server.deliver(
                            "octo/hello", ref: "refs/heads/b\(number)", before: nil, after: commit, id: "d\(number)"
                        ).status
                    }
                }
                for try await status in group { #expect(status == 202) }
            }
            try await server.deliveriesAreHandled(repo, timeout: .seconds(120))
            let latest = try await server.get("/api/repos/octo/hello/builds?limit=100", token: server.rootToken).array()
            let earlier = try await server.get(
                "/api/repos/octo/hello/builds?limit=100&before=101", token: server.rootToken
            ).array()
            #expect((latest + earlier).compactMap { $0["number"] as? Int } == (1...200).reversed())
            #expect(Set((latest + earlier).compactMap { $0["branch"] as? String }).count == 200)
        }
    }

    @Test func theSameDeliveryTwentyTimesIsOneBuild() async throws {
        try await withLab { lab in
            let receipts = try await withThrowingTaskGroup(of: Receipt.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await lab.deliver(
                            RefChange(ref: "refs/heads/main", before: nil, after: Lab.commit(1)), id: "same")
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(receipts.map(\.delivery)).count == 1)
            #expect(receipts.count(where: \.isNew) == 1)
            try await lab.handleDeliveries()
            let again = try await lab.deliver(RefChange(ref: main, before: nil, after: Lab.commit(1)), id: "same")
            #expect(again.delivery == receipts[0].delivery && !again.isNew)
            try await lab.handleDeliveries()
            #expect(try await lab.number("select count(*) from builds") == 1)
            #expect(try await lab.outcome(again) == "built {1}")
        }
    }

    /// Two workers, one repository: the builds come in the order of the pushes.
    @Test func theOrderOfPushesIsKept() async throws {
        try await withLab { lab in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 1...60 {
                        let before = number == 1 ? nil : Lab.commit(number - 1)
                        try await lab.deliver(
                            RefChange(ref: "refs/heads/main", before: before, after: Lab.commit(number)),
                            id: "d\(number)")
                    }
                }
                for _ in 0..<2 {
                    group.addTask {
                        try await eventually(timeout: .seconds(180)) {
                            try await lab.handleDeliveries()
                            return try await lab.number("select count(*) from builds") == 60
                        }
                    }
                }
                try await group.waitForAll()
            }
            let commits = try await lab.text("select string_agg(commit, ',' order by number) from builds")
            #expect(commits == (1...60).map(Lab.commit).joined(separator: ","))
        }
    }

    @Test func aForgeThatIsDownDelaysAndLosesNothing() async throws {
        try await withLab { lab in
            lab.forge.state.withLock {
                $0.failure = ForgeError(.timeout, "git took too long")
                $0.failures = 3
            }
            for number in 1...3 {
                try await lab.deliver(RefChange(ref: main, before: nil, after: Lab.commit(number)), id: "d\(number)")
            }
            for pause in [1, 2, 4] {
                try await lab.handleDeliveries()
                #expect(try await lab.number("select count(*) from builds") == 0)
                let wait = "extract(epoch from due_at - clock_timestamp())"
                #expect(
                    try await lab.text("select \(wait) > \(pause) - 1 and \(wait) <= \(pause) from intake") == "true")
                try await lab.run("update intake set due_at = clock_timestamp()")
            }
            try await lab.handleDeliveries()
            #expect(lab.forge.state.withLock { $0.asked } == [1, 1, 1, 1, 2, 3].map(Lab.commit))
            #expect(
                try await lab.text("select array_agg(commit order by number) from builds")
                    == "{\((1...3).map(Lab.commit).joined(separator: ","))}")
            #expect(try await lab.text("select array_agg(tries order by id) from deliveries") == "{4,1,1}")
            #expect(try await lab.store.isIntakeIdle(repoID: lab.repo.id))
        }
    }

    /// The tries of one delivery are no other's: one that has just come is not given up with it.
    @Test func aDeliveryIsGivenUpAfterItsOwnTries() async throws {
        try await withLab { lab in
            lab.forge.state.withLock {
                $0.failure = ForgeError(.broken, "git could not read the repository")
                $0.failures = .max
            }
            let old = try await lab.deliver(RefChange(ref: main, before: nil, after: Lab.commit(1)), id: "old")
            try await lab.run("update deliveries set tries = 299")
            try await lab.run("update intake set tries = 299")
            try await lab.handleDeliveries()
            #expect(try await lab.outcome(old) == "waiting {}")
            let new = try await lab.deliver(RefChange(ref: main, before: nil, after: Lab.commit(2)), id: "new")
            try await lab.run("update intake set due_at = clock_timestamp()")
            try await lab.handleDeliveries()
            #expect(
                try await lab.outcome(old)
                    == "failed {} The forge did not answer in 300 tries; the last time: git could not read the repository."
            )
            #expect(try await lab.outcome(new) == "waiting {}")
            lab.forge.state.withLock { $0.failures = 0 }
            try await lab.run("update intake set due_at = clock_timestamp()")
            try await lab.handleDeliveries()
            #expect(try await lab.outcome(new) == "built {1}")
        }
    }

    @Test func aRefusalOfTheForgeIsRecorded() async throws {
        try await withLab { lab in
            lab.forge.state.withLock {
                $0.failure = ForgeError(.noRepository, "there is no such repository")
                $0.failures = 1
            }
            let refused = try await lab.deliver(RefChange(ref: main, before: nil, after: Lab.commit(1)), id: "1")
            let next = try await lab.deliver(RefChange(ref: main, before: nil, after: Lab.commit(2)), id: "2")
            try await lab.handleDeliveries()
            #expect(try await lab.outcome(refused) == "failed {} The forge refused: there is no such repository.")
            #expect(try await lab.outcome(next) == "built {1}")
        }
    }

    /// What the database cannot take fails, and does not hold up what comes after it.
    @Test func aDeliveryThatCannotBeStoredIsRecorded() async throws {
        try await withLab { lab in
            let letters = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
            let endless = "refs/heads/" + String((0..<4000).map { _ in letters.randomElement() ?? "a" })
            let bad = try await lab.deliver(RefChange(ref: endless, before: nil, after: Lab.commit(1)), id: "1")
            let next = try await lab.deliver(RefChange(ref: main, before: nil, after: Lab.commit(2)), id: "2")
            try await lab.handleDeliveries()
            #expect(try await lab.outcome(bad).hasPrefix("failed {} The database does not take it: "))
            #expect(try await lab.outcome(next) == "built {1}")
        }
    }

    enum Why: CaseIterable {
        case deleted, neither, skipped, noFile, branch, pushesOff, tagsOff, seen, noCommit
    }

    @Test(arguments: Why.allCases) func whatMakesNoBuildHasAReason(why: Why) async throws {
        try await withLab { lab in
            let commit = Lab.commit(7)
            var change = RefChange(ref: main, before: nil, after: commit)
            var reason: String
            switch why {
            case .deleted:
                _ = try await lab.push(commit)
                change = RefChange(ref: main, before: commit, after: nil)
                reason = "refs/heads/main was deleted; cancelled: 1"
            case .neither:
                change.ref = "refs/notes/commits"
                reason = "no branch or tag moved"
            case .skipped:
                lab.forge.state.withLock { $0.messages[commit] = "Fix it [ci skip]" }
                reason = "the commit's message says to skip"
            case .noFile:
                lab.forge.state.withLock { $0.file = nil }
                reason = "there is no .drone.yml at commit \(commit)"
            case .branch:
                lab.forge.state.withLock { $0.file = "branches: [release/*]\nbuild:\n  image: a\n  commands: [b]\n" }
                reason = "branch main is not among the file's branches"
            case .pushesOff:
                try await lab.run("update repositories set allow_push = false")
                reason = "the repository builds no push events"
            case .tagsOff:
                change.ref = "refs/tags/v1"
                reason = "the repository builds no tag events"
            case .seen:
                _ = try await lab.push(commit)
                reason = "refs/heads/main was known to be at \(commit)"
            case .noCommit:
                lab.forge.state.withLock { $0.missing = [commit] }
                reason = "the repository has no commit \(commit)"
            }
            let builds = try await lab.number("select count(*) from builds")
            let receipt = try await lab.deliver(change, id: "this")
            try await lab.handleDeliveries()
            #expect(try await lab.outcome(receipt) == "ignored {} \(reason)")
            #expect(try await lab.number("select count(*) from builds") == builds)
        }
    }

    @Test func severalRefsOfADeliveryAreSeveralBuilds() async throws {
        try await withLab { lab in
            try await lab.run("update repositories set allow_tags = true")
            let receipt = try await lab.deliver(
                RefChange(ref: main, before: nil, after: Lab.commit(1)),
                RefChange(ref: "refs/heads/gone", before: Lab.commit(2), after: nil),
                RefChange(ref: "refs/tags/v1", before: nil, after: Lab.commit(1)),
                RefChange(ref: "refs/heads/next", before: nil, after: Lab.commit(3)), id: "1")
            try await lab.handleDeliveries()
            #expect(try await lab.outcome(receipt) == "built {1,2,3}")
            let events = try await lab.text(
                "select string_agg(event || ' ' || branch, ', ' order by number) from builds")
            #expect(events == "push main, tag v1, push next")
        }
    }

    /// A worker that was lost between claim and end: its lease runs out, and another does the work, once.
    @Test func aLostWorkersDeliveriesAreHandledOnce() async throws {
        try await withLab { lab in
            let receipt = try await lab.deliver(RefChange(ref: main, before: nil, after: Lab.commit(1)), id: "1")
            let lost = try #require(try await lab.store.claimIntake(seconds: 120))
            try await lab.handleDeliveries()
            #expect(try await lab.outcome(receipt) == "waiting {}")
            try await lab.run("update intake set leased_until = clock_timestamp() - interval '1 second'")
            async let one: Void = lab.handleDeliveries()
            async let two: Void = lab.handleDeliveries()
            _ = try await (one, two)
            #expect(try await lab.outcome(receipt) == "built {1}")
            #expect(try await lab.number("select count(*) from builds") == 1)
            #expect(try await !lab.store.holdIntake(lost, seconds: 30))
        }
    }

    /// A worker that is only slow finds its lease gone and drops what it prepared.
    @Test func aSlowWorkerIsFenced() async throws {
        try await withLab { lab in
            try await lab.deliver(RefChange(ref: main, before: nil, after: Lab.commit(1)), id: "1")
            let slow = try #require(try await lab.store.claimIntake(seconds: 120))
            try await lab.run("update intake set leased_until = clock_timestamp() - interval '1 second'")
            let next = try #require(try await lab.store.claimIntake(seconds: 120))
            #expect(try await !lab.store.holdIntake(slow, seconds: 30))
            #expect(try await !lab.store.closeIntake(slow))
            #expect(try await lab.store.holdIntake(next, seconds: 30))
            // What came since the claim keeps the repository from being closed.
            try await lab.deliver(RefChange(ref: main, before: nil, after: Lab.commit(2)), id: "2")
            #expect(try await !lab.store.closeIntake(next))
        }
    }

    @Test func aWrongSignatureLooksLikeNoRepository() async throws {
        try await withLab { lab in
            let body = Array(#"{"refs":[],"repository":{"full_name":"octo/hello"}}"#.utf8)
            let headers = [
                ("X-Skep-Event", "push"), ("X-Skep-Delivery", "1"),
                ("X-Skep-Signature-256", "sha256=" + String(repeating: "0", count: 64)),
            ]
            await #expect(throws: AccessError.self) {
                _ = try await lab.engine.receiveDelivery(HookRequest(headers: headers, body: body), forge: nil)
            }
            let taken = try await lab.number("select count(*) from deliveries")
            #expect(taken == 0)
        }
    }
}
