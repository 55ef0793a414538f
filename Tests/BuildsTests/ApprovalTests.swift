import AgentProtocol
import Core
import Foundation
import Store
import TestSupport
import Testing

@testable import Builds

/// Which builds wait for somebody's word, and that one word is enough.
@Suite struct ApprovalTests {
    private static let file = "matrix: {A: [1, 2]}\nbuild: {image: a, commands: [b]}\n"

    private func start(
        _ lab: Lab, _ event: Event = .pullRequest, fromFork: Bool = true, rule: ApprovalRule = .forks,
        approver: String? = nil, file: String = file
    ) async throws -> BuildWithJobs {
        var repo = lab.repo
        repo.approval = rule
        let change = Change(
            commit: Lab.commit(1), branch: "main", ref: "refs/pull/1/head", timestamp: Date(timeIntervalSince1970: 1))
        let source = BuildSource(
            event: event, change: change, config: Array(file.utf8), fromFork: fromFork, approver: approver)
        return try await lab.store.transaction { [repo] store, session in
            try await lab.engine.startBuild(source, repo, deliveryID: nil, store, session)
        }
    }

    @Test(
        arguments: [
            (.pullRequest, true, .forks, .required), (.pullRequest, false, .forks, Approval.none),
            (.pullRequest, false, .pullRequests, .required), (.push, false, .pullRequests, .none),
            (.pullRequest, true, .none, .none), (.push, true, .forks, .required),
            (.pullRequest, false, .unknown, .required),
        ] as [(Event, Bool, ApprovalRule, Approval)])
    func theRuleDecides(event: Event, fromFork: Bool, rule: ApprovalRule, expected: Approval) async throws {
        try await withLab { lab in
            let build = try await start(lab, event, fromFork: fromFork, rule: rule)
            #expect(build.build.approval == expected && build.build.status == .pending)
            #expect(try await lab.number("select count(*) from queue") == (expected == .required ? 0 : 2))
            #expect(try await (lab.claim() == nil) == (expected == .required))
        }
    }

    @Test func aBrokenFileNeedsNoApproval() async throws {
        try await withLab { lab in
            let build = try await start(lab, file: "build: 5")
            #expect(build.build.status == .error && build.build.approval == .none)
        }
    }

    @Test func ofManyApprovalsOnePutsTheJobsOnTheQueue() async throws {
        try await withLab { lab in
            let number = try await start(lab).build.number
            let access = try await lab.access()
            let (approved, declined) = await withTaskGroup(of: (Bool, Bool).self) { group in
                for index in 0..<12 {
                    group.addTask {
                        if index % 3 == 2 {
                            let build = try? await lab.engine.declineBuild(access, number: number, by: lab.root)
                            return (false, build != nil)
                        }
                        let build = try? await lab.engine.approveBuild(access, number: number, by: lab.root)
                        return (build != nil, false)
                    }
                }
                return await group.reduce((0, 0)) { ($0.0 + ($1.0 ? 1 : 0), $0.1 + ($1.1 ? 1 : 0)) }
            }
            #expect(approved + declined == 1)
            #expect(try await lab.number("select count(*) from queue") == (approved == 1 ? 2 : 0))
            #expect(try await lab.build(number).build.status == (approved == 1 ? .pending : .killed))
            #expect(try await lab.number("select count(*) from audit where object = 'octo/hello/builds/1'") == 1)
            let action = try await lab.text("select action from audit where object = 'octo/hello/builds/1'")
            #expect(action == (approved == 1 ? "build.approve" : "build.decline"))
        }
    }

    @Test func anApprovedBuildIsOneAsOthers() async throws {
        try await withLab { lab in
            let number = try await start(lab).build.number
            let access = try await lab.access()
            let before = try await lab.number("select extract(epoch from enqueued_at)::bigint from builds")
            let approved = try await lab.engine.approveBuild(access, number: number, by: lab.root)
            #expect(approved.jobs.map(\.number) == [1, 2] && approved.build.approvalBy == "root")
            #expect(try await lab.number("select extract(epoch from min(enqueued_at))::bigint from jobs") >= before)
            for _ in 1...2 { try await lab.finish(try await lab.started()) }
            #expect(try await lab.build(number).build.status == .success)
            _ = try await lab.engine.restartBuild(access, number: number)
            #expect(try await lab.number("select count(*) from queue") == 2)
            // Still from a fork, and approved by who asked for it.
            let copy = try await lab.engine.forkBuild(access, number: number, Fork())
            #expect(copy.build.approval == .approved && copy.build.approvalBy == "root" && copy.build.fromFork)
            #expect(try await lab.number("select count(*) from queue") == 4)
        }
    }

    @Test func theDatabaseKeepsToIt() async throws {
        try await withLab { lab in
            _ = try await start(lab)
            for change in [
                "status = 'running', started_at = now()", "approval = 'approved'", "approval_by = 'x'",
                "approval = 'declined', approval_by = 'x', status = 'success', finished_at = now()",
            ] {
                await #expect(throws: (any Error).self) { try await lab.run("update builds set \(change)") }
            }
        }
    }
}
