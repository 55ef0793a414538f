import AgentProtocol
import Builds
import Core
import Forge
import Store
import Synchronization
import TestSupport
import Testing

/// What a job is given to clone with.
@Suite struct CredentialTests {
    @Test func goesWithTheJobAndIsMasked() async throws {
        try await withLab { lab in
            let credential = CloneCredential(username: "x-token", password: "short-lived")
            lab.forge.state.withLock { $0.credential = credential }
            try await lab.push()
            let job = try await lab.claimed()
            #expect(job.clone.credential == credential)
            #expect(job.masks.contains("short-lived"))
            #expect(!job.plan.steps.contains { $0.environment.contains { $0.value.contains("short-lived") } })
            #expect(!"\(credential)".contains("short-lived"))
        }
    }

    @Test func isNotAskedForWithoutAClone() async throws {
        try await withLab { lab in
            lab.forge.state.withLock { state in
                state.credential = CloneCredential(username: "x-token", password: "short-lived")
                state.file = "skip_clone: true\nbuild: {commands: [x]}"
            }
            try await lab.push()
            let job = try await lab.claimed()
            #expect(job.clone.credential == nil && job.plan.clone.isSkipped)
        }
    }

    @Test func aRefusalEndsTheJob() async throws {
        try await withLab { lab in
            lab.forge.state.withLock { $0.credentialFailure = ForgeError(.noRepository, "it is gone") }
            try await lab.push()
            #expect(try await lab.claim() == nil)
            #expect(try await lab.build(1).build.status == .error)
            #expect(
                try await lab.log(build: 1) == "skep: the forge refused a credential for the clone: it is gone\n")
            #expect(try await lab.number("select count(*) from queue") == 0)
        }
    }

    @Test func aForgeThatIsDownPutsTheJobOff() async throws {
        try await withLab { lab in
            lab.forge.state.withLock { $0.credentialFailure = ForgeError(.timeout, "no answer") }
            try await lab.push()
            #expect(try await lab.claim() == nil)
            #expect(try await lab.build(1).build.status == .pending)
            lab.forge.state.withLock { $0.credentialFailure = nil }
            #expect(try await lab.loseAgents() == 1)
            #expect(try await lab.claimed().attempt == 2)
        }
    }
}
