import Builds
import Core
import Synchronization
import TestSupport
import Testing

/// What forges show beside a commit.
@Suite struct StatusTests {
    @Test func theForgeIsToldWhatBecomesOfABuild() async throws {
        try await withHostedLab { hosted in
            let lab = hosted.lab
            _ = try await hosted.push("1")
            try await lab.engine.tellStatuses()
            let job = try await lab.started()
            try await lab.engine.tellStatuses()
            try await lab.finish(job, .failure)
            try await lab.engine.tellStatuses()
            let page = "http://ci.example.com/octo/hello/builds/1"
            let words = ["pending", "pending", "failure"]
            let told = words.map { "\(HostedLab.commit("1")) skep/push \($0) \(page)" }
            #expect(hosted.fake.state.withLock { $0.statuses } == told)
            #expect(try await lab.number("select count(*) from status_outbox") == 0)
        }
    }

    @Test func whatChangedWhileTheForgeWasDownIsToldOnce() async throws {
        try await withHostedLab { hosted in
            let lab = hosted.lab
            _ = try await hosted.push("1")
            hosted.fake.state.withLock { $0.fault = .down }
            try await lab.engine.tellStatuses()
            #expect(try await lab.number("select tries from status_outbox") == 1)
            // Nothing waits for the forge.
            try await lab.finish(try await lab.started())
            hosted.fake.state.withLock { $0.fault = nil }
            try await lab.run("update status_outbox set due_at = clock_timestamp()")
            try await lab.engine.tellStatuses()
            #expect(hosted.fake.state.withLock { $0.statuses.count } == 1)
            #expect(hosted.fake.state.withLock { $0.statuses.last?.contains(" success ") } == true)
        }
    }

    /// Told late, an older build of the same commit would hide the newer one.
    @Test func anOlderBuildDoesNotHideANewerOne() async throws {
        try await withHostedLab { hosted in
            for ref in ["refs/heads/a", "refs/heads/b"] { _ = try await hosted.push("1", to: ref) }
            try await hosted.lab.engine.tellStatuses()
            #expect(hosted.fake.state.withLock { $0.statuses.count } == 1)
            #expect(hosted.fake.state.withLock { $0.statuses.last?.hasSuffix("/builds/2") } == true)
        }
    }

    @Test func plainGitHasNoStatuses() async throws {
        try await withLab { lab in
            try await lab.push()
            #expect(try await lab.number("select count(*) from status_outbox") == 0)
        }
    }
}
