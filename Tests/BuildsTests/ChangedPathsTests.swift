import AgentProtocol
import Builds
import Core
import Forge
import Foundation
import Store
import Synchronization
import TestSupport
import Testing

/// `when: path`, from the forge to the plan.
@Suite struct ChangedPathsTests {
    private static let file = """
        steps:
          - {name: always, commands: [x]}
          - {name: docs, commands: [x], when: {path: "docs/**"}}
        """

    private func push(_ lab: Lab, before: Int?, after: Int) async throws {
        let change = RefChange(
            ref: "refs/heads/main", before: before.map(Lab.commit), after: Lab.commit(after))
        try await lab.deliver(change, id: UUID().uuidString)
        try await lab.handleDeliveries()
    }

    private func names(_ lab: Lab) async throws -> [String] {
        let job = try await lab.started()
        try await lab.finish(job)
        return job.plan.steps.map(\.name)
    }

    @Test func decideOnceAndForAll() async throws {
        try await withLab { lab in
            lab.forge.state.withLock { $0.file = Self.file }
            try await push(lab, before: 1, after: 2)
            #expect(try await names(lab) == ["always"])
            // Whatever the forge says by now.
            lab.forge.state.withLock { $0.changedPaths = ["docs/a.md"] }
            _ = try await lab.engine.restartBuild(try await lab.access(), number: 1)
            #expect(try await names(lab) == ["always"])
            _ = try await lab.engine.forkBuild(try await lab.access(), number: 1, Fork())
            #expect(try await names(lab) == ["always"])
            try await push(lab, before: 2, after: 3)
            #expect(try await names(lab) == ["always", "docs"])
            #expect(
                try await lab.text("select array_agg(changed_paths[1] order by number) from builds")
                    == "{README.md,README.md,docs/a.md}")
        }
    }

    @Test func unknownIsAMatch() async throws {
        try await withLab { lab in
            lab.forge.state.withLock { $0.file = Self.file }
            try await push(lab, before: nil, after: 2)
            #expect(try await names(lab) == ["always", "docs"])
            lab.forge.state.withLock { $0.changedPaths = nil }
            try await push(lab, before: 2, after: 3)
            #expect(try await names(lab) == ["always", "docs"])
            #expect(try await lab.number("select count(*) from builds where changed_paths is null") == 2)
        }
    }

    @Test func areNotStoredWhereNobodyAsks() async throws {
        try await withLab { lab in
            try await push(lab, before: 1, after: 2)
            #expect(try await lab.number("select count(*) from builds where changed_paths is null") == 1)
        }
    }
}
