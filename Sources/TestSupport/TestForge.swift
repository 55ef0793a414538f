import Foundation
import Subprocess
import SystemPackage

/// A folder of bare repositories, and a person who commits and pushes to them with the real git.
package struct TestForge: Sendable {
    /// Where the bare repositories are.
    package let root: String
    private let work: String

    package init(root: String, work: String) {
        self.root = root
        self.work = work
    }

    /// The `skep` program that was built with the tests: the hooks run it.
    package static let executable: String = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("skep").path
    }()

    package static func withForge(_ body: (TestForge) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("skep-test-\(UUID().uuidString)")
            .path
        let forge = TestForge(root: folder + "/git", work: folder + "/work")
        for path in [forge.root, forge.work] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(forge)
    }

    package func path(_ fullName: String) -> String { "\(root)/\(fullName).git" }

    /// Makes an empty bare repository.
    package func create(_ fullName: String) async throws {
        try await git("init", "--quiet", "--bare", "--initial-branch=main", path(fullName))
        try await git("init", "--quiet", "--initial-branch=main", clone(fullName))
    }

    /// Commits files and pushes them; answers the commit's object name.
    @discardableResult
    package func commit(
        _ files: [String: String], to fullName: String, message: String = "Change", branch: String = "main"
    ) async throws -> String {
        let folder = clone(fullName)
        for (name, text) in files {
            let file = URL(fileURLWithPath: "\(folder)/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try await git("-C", folder, "checkout", "--quiet", "-B", branch)
        try await git("-C", folder, "add", "--all")
        try await git("-C", folder, "commit", "--quiet", "--allow-empty", "--message", message)
        try await push(fullName, branch)
        return try await git("-C", folder, "rev-parse", "HEAD").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Pushes refs of the working copy, such as `main`, `v1` or `:old`; answers what the pusher was shown.
    @discardableResult
    package func push(_ fullName: String, _ refs: String..., force: Bool = false) async throws -> String {
        try await run("git", ["-C", clone(fullName), "push"] + (force ? ["--force"] : []) + [path(fullName)] + refs)
    }

    /// Runs git in the working copy.
    @discardableResult
    package func inClone(_ fullName: String, _ arguments: String...) async throws -> String {
        try await run("git", ["-C", clone(fullName)] + arguments)
    }

    @discardableResult
    package func git(_ arguments: String...) async throws -> String {
        try await run("git", arguments)
    }

    private func clone(_ fullName: String) -> String { "\(work)/\(fullName)" }

    private func run(_ program: String, _ arguments: [String]) async throws -> String {
        let identity: [Environment.Key: String] = [
            "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.com", "GIT_COMMITTER_NAME": "Ada",
            "GIT_COMMITTER_EMAIL": "ada@example.com", "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
        ]
        let result = try await Subprocess.run(
            .name(program), arguments: Arguments(arguments), environment: .inherit.updating(identity),
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard case .exited(0) = result.terminationStatus else {
            throw NotInTime(description: "\(program) \(arguments.joined(separator: " ")): \(result.standardError)")
        }
        return (result.standardOutput) + (result.standardError)
    }
}
