import Core
import Foundation
import Testing

@testable import Forge

@Suite struct GitForgeTests {
    @Test func describesARepository() async throws {
        let sandbox = try await GitSandbox()
        let found = try #require(try await sandbox.forge.repository(at: sandbox.path))
        #expect(found.owner == "octocat")
        #expect(found.name == "hello-world")
        #expect(found.forgeRepoID == "octocat/hello-world")
        #expect(found.forgeTenantID == "octocat")
        #expect(found.defaultBranch == "main")
        #expect(found.isPrivate)
        #expect(found.cloneURL == "file://\(sandbox.bare)")
        try await sandbox.git("ls-remote", found.cloneURL)
    }

    @Test func cloneURLOfAnOddRootCanBeCloned() async throws {
        let sandbox = try await GitSandbox()
        let odd = "\(sandbox.folder)/a b%20#?ü"
        try FileManager.default.moveItem(atPath: sandbox.root, toPath: odd)
        let forge = GitForge(root: odd, executable: "/skep", logger: sandbox.forge.logger)
        let url = try #require(try await forge.repository(at: sandbox.path)).cloneURL
        #expect(url.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        // git reads file URLs percent-decoded.
        try await sandbox.git("ls-remote", url)
    }

    @Test func followsHEAD() async throws {
        let sandbox = try await GitSandbox()
        try await sandbox.git("symbolic-ref", "HEAD", "refs/heads/release/1.x", in: sandbox.bare)
        #expect(try await sandbox.forge.repository(at: sandbox.path)?.defaultBranch == "release/1.x")
        let commit = try await sandbox.commit("a")
        try await sandbox.git("push", "--quiet", "origin", "main")
        try await sandbox.git("update-ref", "--no-deref", "HEAD", commit, in: sandbox.bare)
        #expect(try await sandbox.forge.repository(at: sandbox.path)?.defaultBranch == "master")
    }

    @Test(arguments: [
        ("octocat", "missing"), ("..", "git"), ("octocat/..", "x"), ("octocat", "../outside"), ("", "x"), ("/etc", "x"),
        ("octocat", ".."), ("octocat", "hello-world\0"), ("-c", "x"), ("octocat", "link"), ("linked", "outside"),
        ("octocat/hello-world.git", "inner"), ("octocat/HELLO.GIT", "inner"), ("octocat", "folder"),
    ])
    func knowsNothingElse(owner: String, name: String) async throws {
        let sandbox = try await GitSandbox()
        try await sandbox.git("init", "--quiet", "--bare", "\(sandbox.folder)/outside.git", in: sandbox.folder)
        try await sandbox.git("init", "--quiet", "--bare", "\(sandbox.bare)/inner.git", in: sandbox.folder)
        try await sandbox.git(
            "init", "--quiet", "--bare", "\(sandbox.root)/octocat/HELLO.GIT/inner.git", in: sandbox.folder)
        let files = FileManager.default
        try files.createDirectory(atPath: "\(sandbox.root)/octocat/folder.git", withIntermediateDirectories: true)
        try files.createSymbolicLink(
            atPath: "\(sandbox.root)/octocat/link.git", withDestinationPath: "../../outside.git")
        try files.createSymbolicLink(atPath: "\(sandbox.root)/linked", withDestinationPath: sandbox.folder)
        let path = RepoPath(forge: nil, owner: owner, name: name)
        #expect(try await sandbox.forge.repository(at: path) == nil)
        await #expect { try await sandbox.forge.references(in: path) } throws: {
            ($0 as? ForgeError)?.code == .noRepository
        }
        await #expect { try await sandbox.forge.installHook(HookTarget(path: path, url: "u", secret: "s")) } throws: {
            ($0 as? ForgeError)?.code == .noRepository
        }
    }

    @Test func listsRepositoriesOfSubgroups() async throws {
        let sandbox = try await GitSandbox()
        try await sandbox.git("init", "--quiet", "--bare", "\(sandbox.root)/group/sub/deep.git", in: sandbox.folder)
        #expect(sandbox.forge.repositories().map(\.fullName) == ["group/sub/deep", "octocat/hello-world"])
        let found = try await sandbox.forge.repository(at: RepoPath(forge: nil, owner: "group/sub", name: "deep"))
        #expect(found?.forgeTenantID == "group")
    }

    @Test(arguments: ["sha1", "sha256"]) func comparesReferences(format: String) async throws {
        let sandbox = try await GitSandbox(objectFormat: format)
        #expect(try await sandbox.forge.references(in: sandbox.path) == [:])
        let first = try await sandbox.commit("a")
        try await sandbox.git("tag", "--annotate", "--message", "one", "v1")
        try await sandbox.git("push", "--quiet", "origin", "main", "main:refs/heads/gone", "v1", "main:refs/notes/x")
        let seen = try await sandbox.forge.references(in: sandbox.path)
        let tag = try await sandbox.git("rev-parse", "v1")
        #expect(seen == ["refs/heads/main": first, "refs/heads/gone": first, "refs/tags/v1": tag])
        #expect(try await sandbox.forge.changes(since: seen, in: sandbox.path) == [])

        let second = try await sandbox.commit("b")
        try await sandbox.git("push", "--quiet", "origin", "main", ":gone", "main:refs/heads/neu/ü")
        #expect(
            try await sandbox.forge.changes(since: seen, in: sandbox.path) == [
                RefChange(ref: "refs/heads/gone", before: first, after: nil),
                RefChange(ref: "refs/heads/main", before: first, after: second),
                RefChange(ref: "refs/heads/neu/ü", before: nil, after: second),
            ])
    }

    @Test func saysWhenARepositoryIsBroken() async throws {
        let sandbox = try await GitSandbox()
        try sandbox.write(Array("no such syntax [[[\n".utf8), to: "git/octocat/hello-world.git/config")
        await #expect { try await sandbox.forge.references(in: sandbox.path) } throws: {
            ($0 as? ForgeError)?.code == .broken
        }
        await #expect { try await sandbox.forge.repository(at: sandbox.path) } throws: {
            ($0 as? ForgeError)?.code == .broken
        }
    }

    @Test func saysWhenGitIsMissingOrHangs() async throws {
        let sandbox = try await GitSandbox()
        let without = GitForge(
            root: sandbox.root, executable: "/skep", git: "no-such-git", logger: sandbox.forge.logger)
        await #expect { try await without.references(in: sandbox.path) } throws: {
            ($0 as? ForgeError)?.code == .system
        }
        try sandbox.write("exec sleep 60\n", to: "slow", script: true)
        let program = GitProgram(name: "\(sandbox.folder)/slow", limit: .milliseconds(100))
        let start = ContinuousClock.now
        await #expect { try await program.run([], gitDir: sandbox.bare, outputLimit: 10) } throws: {
            ($0 as? ForgeError)?.code == .timeout
        }
        #expect(ContinuousClock.now - start < .seconds(10))
    }
}
