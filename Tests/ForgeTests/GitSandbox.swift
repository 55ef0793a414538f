import Core
import Foundation
import Logging
import Subprocess
import SystemPackage
import Testing

@testable import Forge

/// A forge in a temporary folder, a working copy beside it, and real git between them. Gone when the test is.
final class GitSandbox: Sendable {
    let folder: String
    let forge: GitForge
    let path = RepoPath(forge: nil, owner: "octocat", name: "hello-world")

    var root: String { "\(folder)/git" }
    var bare: String { "\(root)/octocat/hello-world.git" }
    var work: String { "\(folder)/work" }
    /// A stand-in for the `skep` program; what it is called with lands in `calls`.
    var executable: String { "\(folder)/it's skep" }
    var calls: String { (try? String(contentsOfFile: "\(folder)/calls", encoding: .utf8)) ?? "" }
    var target: HookTarget { HookTarget(path: path, url: "http://ci.test/hook", secret: "It's a Secret to Everybody") }
    var spool: Spool { Spool(gitDir: bare) }

    init(objectFormat: String = "sha1") async throws {
        let temporary = FileManager.default.temporaryDirectory.appendingPathComponent("forge-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: temporary, withIntermediateDirectories: true)
        folder = temporary.resolvingSymlinksInPath().path
        forge = GitForge(
            root: "\(folder)/git", executable: "\(folder)/it's skep",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        try await git(
            "init", "--quiet", "--bare", "--initial-branch=main", "--object-format=\(objectFormat)", bare, in: folder)
        try await git("init", "--quiet", "--initial-branch=main", "--object-format=\(objectFormat)", work, in: folder)
        try await git("remote", "add", "origin", "file://\(bare)")
        try write(
            "echo \"$*\" >> '\(folder)/calls'; echo 'skep: accepted, delivery 12'\n", to: "it's skep", script: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Runs git in the working copy, and gives all that it says.
    @discardableResult
    func git(_ arguments: String..., in directory: String? = nil, input: [UInt8] = []) async throws -> String {
        let result = try await run(
            .name("git"), arguments: Arguments(arguments), environment: .inherit.updating(Self.environment),
            workingDirectory: FilePath(directory ?? work), input: .array(input), output: .bytes(limit: 1 << 24),
            error: .bytes(limit: 1 << 20))
        let said = String(decoding: result.standardOutput + result.standardError, as: UTF8.self)
        guard result.terminationStatus.isSuccess else { throw GitFailed(arguments: arguments, said: said) }
        return said.trimmingNewlines
    }

    private static let environment: [Environment.Key: String?] = [
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_DIR": nil,
        "GIT_AUTHOR_NAME": "The Octocat", "GIT_AUTHOR_EMAIL": "octocat@github.com",
        "GIT_COMMITTER_NAME": "A Committer", "GIT_COMMITTER_EMAIL": "c@example.org",
        "GIT_AUTHOR_DATE": "1000000000 +0200", "GIT_COMMITTER_DATE": "1400000000 +0000",
    ]

    /// Commits a file and gives the commit's object name.
    func commit(_ file: String, _ bytes: [UInt8] = Array("build: {}\n".utf8), message: String = "a commit") async throws
        -> String
    {
        try write(bytes, to: "work/\(file)")
        try await git("add", "--all")
        try await git("commit", "--quiet", "--allow-empty", "--message", message)
        return try await git("rev-parse", "HEAD")
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        let url = URL(fileURLWithPath: "\(folder)/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
    }

    func write(_ lines: String, to name: String, script: Bool) throws {
        try write(Array("#!/bin/sh\n\(lines)".utf8), to: name)
        try FileManager.default.setAttributes(
            [.posixPermissions: script ? 0o755 : 0o644], ofItemAtPath: "\(folder)/\(name)")
    }

    func read(_ name: String) -> String? {
        try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
    }

    func mode(_ name: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
        return (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
    }

    /// Puts a push into the spool as the hook would have.
    func spool(_ seconds: Int, ref: String = "refs/heads/main", after: String = String(repeating: "a", count: 40))
        throws -> String
    {
        let id = UUID().uuidString.lowercased()
        let zeros = String(repeating: "0", count: 40)
        try write(
            Array("\(zeros) \(after) \(ref)\n".utf8),
            to: "git/octocat/hello-world.git/skep/spool/\(seconds).000000000-\(id).push")
        return id
    }

    /// What the pushes in the spool would be told to the server as.
    func spooledEvents() throws -> [HookEvent] {
        try spool.names().map { name in
            let push = try #require(
                SpooledPush(name: name, bytes: Files.read("\(spool.folder)/\(name)", atMost: 1 << 20)))
            let payload = PushPayload(
                repository: .init(fullName: path.fullName), refs: push.refs, pushedAt: push.pushedAt)
            let request = try HookRequest(push: payload, deliveryID: push.deliveryID, secret: "s")
            return try forge.parse(request, secret: "s")
        }
    }
}

struct GitFailed: Error {
    var arguments: [String]
    var said: String
}

extension HookEvent {
    /// None for an ignored one.
    var changes: [RefChange] {
        if case .refs(let changes, _) = self { changes } else { [] }
    }
}
