import Core
import Foundation
import Testing

@testable import Forge

/// The hook for real: `git push` to a bare repository, and a stand-in for the skep program.
@Suite struct PostReceiveTests {
    private static let hook = "git/octocat/hello-world.git/hooks/post-receive"
    private static let skep = "git/octocat/hello-world.git/skep"

    @Test func aPushIsSpooledThenDelivered() async throws {
        let sandbox = try await GitSandbox()
        try await sandbox.forge.installHook(sandbox.target)
        let commit = try await sandbox.commit("a")
        let before = Date.now
        let said = try await sandbox.git("push", "origin", "main")
        #expect(said.contains("remote: skep: accepted, delivery 12"))
        #expect(sandbox.calls == "deliver \(sandbox.bare)\n")
        let events = try sandbox.spooledEvents()
        guard case .refs(let changes, let date?) = try #require(events.first) else { return #expect(Bool(false)) }
        #expect(events.count == 1)
        #expect(changes == [RefChange(ref: "refs/heads/main", before: nil, after: commit)])
        #expect(abs(date.timeIntervalSince(before)) < 60)
    }

    @Test(arguments: ["sha1", "sha256"]) func severalRefsDeletesAndTags(format: String) async throws {
        let sandbox = try await GitSandbox(objectFormat: format)
        try await sandbox.forge.installHook(sandbox.target)
        let first = try await sandbox.commit("a")
        // Bytes above 0x7F, among them some that shells use inside, and what shells would expand.
        let odd = "refs/heads/\u{1}ü\u{81}\u{88}Á€-$HOME`id`'\"%s;&|<>!#{}()".replacingOccurrences(
            of: "\u{1}", with: "")
        try await sandbox.git("push", "origin", "main", "main:\(odd)", "main:refs/heads/gone")
        let second = try await sandbox.commit("b")
        try await sandbox.git("tag", "v1")
        try await sandbox.git("push", "--atomic", "origin", "main", ":gone", "v1")
        let events = try sandbox.spooledEvents().map { Set($0.changes) }
        #expect(
            events == [
                [
                    RefChange(ref: "refs/heads/main", before: nil, after: first),
                    RefChange(ref: odd, before: nil, after: first),
                    RefChange(ref: "refs/heads/gone", before: nil, after: first),
                ],
                [
                    RefChange(ref: "refs/heads/main", before: first, after: second),
                    RefChange(ref: "refs/heads/gone", before: first, after: nil),
                    RefChange(ref: "refs/tags/v1", before: nil, after: second),
                ],
            ])
    }

    @Test func namesSortByTimeAndIdsAreUUIDs() async throws {
        let sandbox = try await GitSandbox()
        try await sandbox.forge.installHook(sandbox.target)
        for number in 1...3 {
            _ = try await sandbox.commit("a", [UInt8(number)])
            try await sandbox.git("push", "origin", "main")
        }
        let names = sandbox.spool.names()
        #expect(names.count == 3)
        for name in names {
            let push = try #require(
                SpooledPush(name: name, bytes: Files.read("\(sandbox.spool.folder)/\(name)", atMost: 1 << 20)))
            #expect(UUID(uuidString: push.deliveryID)?.uuidString.lowercased() == push.deliveryID)
            #expect(try sandbox.mode("\(Self.skep)/spool/\(name)") == 0o600)
        }
        let events = try sandbox.spooledEvents()
        let befores = events.map(\.changes.first?.before)
        let afters = events.map(\.changes.first?.after)
        #expect(Array(befores.dropFirst()) == Array(afters.dropLast()))
    }

    @Test func filesAreSafe() async throws {
        let sandbox = try await GitSandbox()
        try await sandbox.forge.installHook(sandbox.target)
        #expect(try sandbox.mode(Self.hook) == 0o755)
        #expect(try sandbox.mode("\(Self.skep)/hook.json") == 0o600)
        #expect(try sandbox.mode(Self.skep) == 0o700)
        #expect(sandbox.read(Self.hook)?.contains("Secret") == false)
        let configuration = try HookConfiguration.read(in: sandbox.bare)
        #expect(configuration.secret == sandbox.target.secret)
        #expect(configuration.url == sandbox.target.url)
        #expect(configuration.repository == "octocat/hello-world")
        #expect(Files.names(in: "\(sandbox.bare)/hooks").filter { $0.hasSuffix(".tmp") } == [])
    }

    @Test func withoutTheProgramThePushIsKept() async throws {
        let sandbox = try await GitSandbox()
        try await sandbox.forge.installHook(sandbox.target)
        try FileManager.default.removeItem(atPath: sandbox.executable)
        _ = try await sandbox.commit("a")
        let said = try await sandbox.git("push", "origin", "main")
        #expect(said.contains("it's skep is not there; the push is kept"))
        #expect(sandbox.spool.names().count == 1)
    }

    @Test func aPushGoesThroughWhereNothingCanBeWritten() async throws {
        let sandbox = try await GitSandbox()
        try await sandbox.forge.installHook(sandbox.target)
        // Root may write to any folder, but nobody into a file.
        try FileManager.default.removeItem(atPath: sandbox.spool.folder)
        try sandbox.write([], to: "\(Self.skep)/spool")
        try sandbox.write("echo 'skep: no'; exit 3\n", to: "it's skep", script: true)
        let commit = try await sandbox.commit("a")
        let said = try await sandbox.git("push", "origin", "main")
        #expect(said.contains("skep: this push could not be written down"))
        #expect(try await sandbox.forge.references(in: sandbox.path)["refs/heads/main"] == commit)
    }

    @Test func anEarlierHookIsCalledFirstAndComesBack() async throws {
        let sandbox = try await GitSandbox()
        let earlier =
            "cat > '\(sandbox.folder)/stdin'; umask > '\(sandbox.folder)/umask'; ls skep/spool > '\(sandbox.folder)/spooled'; echo earlier >> '\(sandbox.folder)/calls'; exit 1\n"
        try sandbox.write(earlier, to: Self.hook, script: true)
        for _ in 1...2 { try await sandbox.forge.installHook(sandbox.target) }
        let commit = try await sandbox.commit("a")
        try await sandbox.git("push", "origin", "main", "main:other")
        let zeros = String(repeating: "0", count: 40)
        #expect(sandbox.read("stdin") == "\(zeros) \(commit) refs/heads/main\n\(zeros) \(commit) refs/heads/other\n")
        #expect(sandbox.read("umask") != "0077\n")
        #expect(sandbox.read("spooled")?.contains(".push") == true)
        #expect(sandbox.calls == "earlier\ndeliver \(sandbox.bare)\n")

        for _ in 1...2 { try await sandbox.forge.removeHook(at: sandbox.path) }
        #expect(sandbox.read(Self.hook) == "#!/bin/sh\n\(earlier)")
        #expect(try sandbox.mode(Self.hook) == 0o755)
        #expect(!Files.exists("\(sandbox.folder)/\(Self.hook).before-skep"))
        #expect(!Files.exists("\(sandbox.folder)/\(Self.skep)"))
    }

    @Test func anEarlierLinkIsKeptAsALink() async throws {
        let sandbox = try await GitSandbox()
        try sandbox.write("echo linked >> '\(sandbox.folder)/calls'\n", to: "shared-hook", script: true)
        try FileManager.default.createSymbolicLink(
            atPath: "\(sandbox.folder)/\(Self.hook)", withDestinationPath: "../../../../shared-hook")
        try await sandbox.forge.installHook(sandbox.target)
        _ = try await sandbox.commit("a")
        try await sandbox.git("push", "origin", "main")
        #expect(sandbox.calls == "linked\ndeliver \(sandbox.bare)\n")
        #expect(sandbox.read("shared-hook")?.contains("linked") == true)
        try await sandbox.forge.removeHook(at: sandbox.path)
        #expect(
            try FileManager.default.destinationOfSymbolicLink(atPath: "\(sandbox.folder)/\(Self.hook)")
                == "../../../../shared-hook")
    }

    @Test func aHookPutOverOursIsLeftAlone() async throws {
        let sandbox = try await GitSandbox()
        try sandbox.write("echo one\n", to: Self.hook, script: true)
        try await sandbox.forge.installHook(sandbox.target)
        try sandbox.write("echo two\n", to: Self.hook, script: true)
        await #expect { try await sandbox.forge.installHook(sandbox.target) } throws: {
            ($0 as? ForgeError)?.code == .hookConflict
        }
        try await sandbox.forge.removeHook(at: sandbox.path)
        #expect(sandbox.read(Self.hook) == "#!/bin/sh\necho two\n")
        #expect(sandbox.read("\(Self.hook).before-skep") == "#!/bin/sh\necho one\n")
    }

    @Test func anInstallationThatWasCutOffGoesOn() async throws {
        let sandbox = try await GitSandbox()
        try sandbox.write("echo one\n", to: Self.hook, script: true)
        try Files.link("\(sandbox.folder)/\(Self.hook)", as: "\(sandbox.folder)/\(Self.hook).before-skep")
        try await sandbox.forge.installHook(sandbox.target)
        #expect(sandbox.read(Self.hook)?.contains("skep:post-receive") == true)
        #expect(sandbox.read("\(Self.hook).before-skep") == "#!/bin/sh\necho one\n")
    }

    @Test func withoutHooksFolderOrEarlierHook() async throws {
        let sandbox = try await GitSandbox()
        try FileManager.default.removeItem(atPath: "\(sandbox.bare)/hooks")
        try await sandbox.forge.installHook(sandbox.target)
        #expect(try sandbox.mode(Self.hook) == 0o755)
        try await sandbox.forge.removeHook(at: sandbox.path)
        #expect(sandbox.read(Self.hook) == nil)
        try await sandbox.forge.removeHook(at: RepoPath(forge: nil, owner: "no", name: "where"))
    }

    @Test func hooksElsewhereAreRefused() async throws {
        let sandbox = try await GitSandbox()
        try await sandbox.git("config", "core.hooksPath", "/elsewhere", in: sandbox.bare)
        await #expect { try await sandbox.forge.installHook(sandbox.target) } throws: {
            ($0 as? ForgeError)?.code == .hookConflict
        }
        #expect(!Files.exists("\(sandbox.bare)/skep"))
    }

    @Test func pushesAtOnceAreAllKept() async throws {
        let sandbox = try await GitSandbox()
        try await sandbox.forge.installHook(sandbox.target)
        _ = try await sandbox.commit("a")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...12 {
                group.addTask { _ = try await sandbox.git("push", "origin", "main:refs/heads/b\(number)") }
            }
            try await group.waitForAll()
        }
        let refs = try sandbox.spooledEvents().flatMap(\.changes).map(\.ref)
        #expect(Set(refs) == Set((1...12).map { "refs/heads/b\($0)" }))
        #expect(refs.count == 12)
    }
}
