import AgentProtocol
import Builds
import Core
import Foundation
import Sealing
import Store
import Synchronization
import TestSupport
import Testing

/// What a build gets of its secrets, and what it is told of the rest.
@Suite struct SecretTests {
    private static let value = "correct horse battery"

    /// A build with a `.drone.sec`, claimed. `change` is SQL that makes it another build before.
    private func claimed(
        _ lab: Lab, file: String, sealed: String? = nil, change: String? = nil
    ) async throws -> ClaimedJob {
        let encrypted = try await sealed.asyncMap { text in
            try await lab.engine.encrypt(Array(text.utf8), for: try await lab.access())
        }
        lab.forge.state.withLock {
            $0.file = file
            $0.sealed = encrypted
        }
        try await lab.push()
        if let change { try await lab.run(change) }
        return try await lab.claimed()
    }

    private func has(_ job: ClaimedJob, _ text: String) throws -> Bool {
        String(decoding: try Wire.encode(job.plan), as: UTF8.self).contains(text)
    }

    private static let substituted = "build:\n  image: a\n  commands: ['deploy $$PASSWORD']\n"

    @Test func aPushGetsWhatDroneSecHolds() async throws {
        try await withLab { lab in
            let job = try await claimed(
                lab, file: Self.substituted, sealed: "environment:\n  PASSWORD: \(Self.value)\n")
            #expect(job.plan.steps[0].commands == ["deploy \(Self.value)"])
            #expect(job.masks.contains(Self.value) && job.notes == [])
            #expect(try await lab.text("select sealed from builds").hasPrefix("eyJ"))
            #expect(
                try await lab.number("select count(*) from builds b where strpos(b::text, '\(Self.value)') > 0") == 0)
        }
    }

    @Test(arguments: [
        ("sha256", true), ("sha1", true), ("sha512", true), ("sized", true), ("named", true), ("wrong", false),
        ("wrong size", false), ("odd", false),
    ])
    func aChecksumMustBeThatOfTheFile(kind: String, isGiven: Bool) async throws {
        try await withLab { lab in
            let bytes = Array(Self.substituted.utf8)
            let checksum =
                switch kind {
                case "sha1": Digest.sha1(bytes).hex
                case "sha512": Digest.sha512(bytes).hex
                case "sized": "\(Digest.sha256(bytes).hex) \(bytes.count) .drone.yml"
                case "wrong size": "\(Digest.sha256(bytes).hex) \(bytes.count + 1) .drone.yml"
                case "named": "\(Digest.sha256(bytes).hex)  .drone.yml"
                case "wrong": Digest.sha256("another".utf8).hex
                case "odd": "abc"
                default: Digest.sha256(bytes).hex
                }
            let job = try await claimed(
                lab, file: Self.substituted,
                sealed: "checksum: \(checksum)\nenvironment: [PASSWORD=\(Self.value)]\n")
            #expect(try has(job, Self.value) == isGiven)
            let note = "the secrets of .drone.sec are withheld: its checksum is not that of .drone.yml"
            #expect(job.notes == (isGiven ? [] : [note]))
            #expect(job.masks.contains(Self.value))
        }
    }

    private static let everySource = """
        steps:
          - name: all
            image: plugins/docker:17
            commands: ["echo $$PASSWORD ${PASSWORD}"]
            secrets: [named, {source: TENANT, target: OTHER}, password]
            environment:
              FROM: {from_secret: NAMED}
              INLINE: {secure: "INLINE_JWE"}
        """

    /// Every source at once; answers the claimed job.
    private func everything(_ lab: Lab, events: String = #"{push,pull_request}"#, change: String? = nil) async throws
        -> ClaimedJob
    {
        let owner = lab.engine.secretOwner(try await lab.access())
        _ = try await lab.engine.createSecret(
            NamedSecret(name: "named", value: "named value", events: [.push, .pullRequest]), of: owner, by: lab.root)
        let tenant = try #require(TenantName("octo"))
        let place = try await lab.engine.secretOwner(tenant, by: lab.root)
        _ = try await lab.engine.createSecret(
            NamedSecret(name: "tenant", value: "tenant value", events: [.push], images: ["plugins/*"]), of: place,
            by: lab.root)
        let inline = try await lab.engine.encrypt(
            Array("INLINE: inline value\n".utf8), for: try await lab.access())
        return try await claimed(
            lab, file: Self.everySource.replacingOccurrences(of: "INLINE_JWE", with: inline),
            sealed: "PASSWORD: \(Self.value)\n", change: change)
    }

    private static let values = [value, "named value", "tenant value", "inline value"]

    @Test func aPushGetsEverySource() async throws {
        try await withLab { lab in
            let job = try await everything(lab)
            let step = job.plan.steps[0]
            #expect(step.commands == ["echo \(Self.value) \(Self.value)"])
            #expect(step.environment["NAMED"] == "named value" && step.environment["FROM"] == "named value")
            #expect(step.environment["OTHER"] == "tenant value" && step.environment["INLINE"] == "inline value")
            #expect(step.environment["PASSWORD"] == Self.value)
            #expect(Set(job.masks).isSuperset(of: Self.values) && job.notes == [])
        }
    }

    @Test func aForkGetsNothingOfAnySource() async throws {
        try await withLab { lab in
            let job = try await everything(
                lab, change: "update builds set event = 'pull_request', from_fork = true")
            for value in Self.values { #expect(try !has(job, value), "\(value)") }
            #expect(job.plan.steps[0].environment["CI_TOKEN"] == nil)
            #expect(
                job.notes.count >= 4
                    && job.notes.allSatisfy { $0.contains("withheld: this is a pull request from a fork") })
            // A copy of it under another event is one still.
            _ = try await lab.engine.forkBuild(try await lab.access(), number: 1, Fork(event: .push))
            let copy = try await lab.claimed()
            for value in Self.values { #expect(try !has(copy, value), "\(value)") }
        }
    }

    @Test func aPublicRepositorysPullRequestGetsOnlyWhatIsMeantForIt() async throws {
        try await withLab { lab in
            try await lab.run("update repositories set private = false")
            let job = try await everything(lab, change: "update builds set event = 'pull_request'")
            #expect(try has(job, "named value"))
            for value in [Self.value, "tenant value", "inline value"] { #expect(try !has(job, value), "\(value)") }
            #expect(job.notes.contains { $0.contains("no checksum") })
            #expect(job.notes.contains("the secret TENANT is withheld: it is not for the event pull_request"))
            #expect(
                job.notes.contains(
                    "the secure value of INLINE is withheld: this is a pull request of a public repository"))
        }
    }

    @Test func aPublicPullRequestsCommandsGetNothingAlsoWithAChecksum() async throws {
        try await withLab { lab in
            try await lab.run("update repositories set private = false")
            let checksum = Digest.sha256(Self.substituted.utf8).hex
            let job = try await claimed(
                lab, file: Self.substituted, sealed: "checksum: \(checksum)\nenvironment: {PASSWORD: \(Self.value)}\n",
                change: "update builds set event = 'pull_request'")
            #expect(job.plan.steps[0].commands == ["deploy $$PASSWORD"])
            #expect(job.notes.count == 1 && job.notes[0].contains("withheld from commands"))
        }
    }

    @Test func aPrivateRepositorysPullRequestGetsDroneSec() async throws {
        try await withLab { lab in
            let job = try await claimed(
                lab, file: Self.substituted, sealed: "environment: {PASSWORD: \(Self.value)}\n",
                change: "update builds set event = 'pull_request'")
            #expect(job.plan.steps[0].commands == ["deploy \(Self.value)"])
        }
    }

    @Test func whatIsNotThereOrNotForTheImageIsSaid() async throws {
        try await withLab { lab in
            let owner = lab.engine.secretOwner(try await lab.access())
            _ = try await lab.engine.createSecret(
                NamedSecret(name: "docker", value: "docker value", events: [], images: ["plugins/docker"]), of: owner,
                by: lab.root)
            let file = """
                steps:
                  - {name: a, image: "plugins/docker:17", commands: [x], secrets: [docker]}
                  - {name: b, image: alpine, commands: [x], secrets: [docker, missing]}
                """
            let job = try await claimed(lab, file: file)
            #expect(job.plan.steps[0].environment["DOCKER"] == "docker value")
            #expect(job.plan.steps[1].environment["DOCKER"] == nil)
            #expect(
                job.notes == [
                    "the secret docker is withheld: it is not for the image alpine", "the secret missing is not known",
                ])
        }
    }

    @Test func aDamagedFileIsSaidAndTheBuildRuns() async throws {
        try await withLab { lab in
            lab.forge.state.withLock {
                $0.file = Self.substituted
                $0.sealed = "eyJhbGciOiJSU0EtT0FFUCJ9.broken"
            }
            try await lab.push()
            let job = try await lab.claimed()
            #expect(job.plan.steps[0].commands == ["deploy $$PASSWORD"])
            #expect(job.notes.count == 1 && job.notes[0].contains("cannot be opened"))
        }
    }

    @Test func aShortValueIsNotGiven() async throws {
        try await withLab { lab in
            let job = try await claimed(lab, file: Self.substituted, sealed: "environment: {PASSWORD: abc}\n")
            #expect(job.plan.steps[0].commands == ["deploy $$PASSWORD"])
            #expect(job.notes.count == 1 && job.notes[0].contains("less than 4 characters"))
        }
    }

    /// A restart runs what is stored with the build, with the keys the repository has had.
    @Test func aRestartOpensWithAnOldKey() async throws {
        try await withLab { lab in
            let first = try await claimed(
                lab, file: Self.substituted, sealed: "environment: {PASSWORD: \(Self.value)}\n")
            _ = try await lab.heartbeat(first)
            try await lab.finish(first)
            _ = try await lab.engine.renewKey(try await lab.access(), by: lab.root)
            lab.forge.state.withLock { $0.sealed = nil }
            _ = try await lab.engine.restartBuild(try await lab.access(), number: 1)
            let second = try await lab.claimed()
            #expect(second.plan.steps[0].commands == ["deploy \(Self.value)"])
        }
    }

    /// The job's own token reads its repository while the job lives, and nothing else ever.
    @Test func aJobsTokenReadsItsRepositoryWhileItLives() async throws {
        try await withLab { lab in
            let job = try await claimed(lab, file: Self.substituted)
            let text = try #require(job.plan.steps[0].environment["CI_TOKEN"])
            #expect(text.hasPrefix("skepj_") && job.masks == [text])
            let credentials = Credentials.token(hash: try #require(Token(text)).hash)
            let scope = RepoScope(credentials: credentials, path: lab.repo.path)
            let access = try await lab.store.access(scope)
            #expect(access.level == .read && access.isJob && access.caller == nil)
            #expect(throws: AccessError.self) { try access.require(.write, to: "write") }
            let other = try await lab.engine.activateRepo(
                RepoPath(forge: nil, owner: "octo", name: "other"), by: lab.root)
            await #expect(throws: AccessError.self) {
                try await lab.store.access(RepoScope(credentials: credentials, path: other.path))
            }
            await #expect(throws: AccessError.unauthenticated) { try await lab.store.caller(credentials) }
            _ = try await lab.heartbeat(job)
            #expect(try await lab.store.access(scope).isJob)
            try await lab.finish(job)
            await #expect(throws: AccessError.unauthenticated) { try await lab.store.access(scope) }
            try await lab.engine.keepHouse()
            #expect(try await lab.number("select count(*) from access_tokens where attempt_id is not null") == 0)
        }
    }
}

extension Optional {
    fileprivate func asyncMap<T>(_ transform: (Wrapped) async throws -> T) async throws -> T? {
        guard let self else { return nil }
        return try await transform(self)
    }
}
