import Agent
import AgentProtocol
import Core
import Foundation
import Testing

/// How a commit gets into the workspace, and what does not get there.
@Suite struct CloneTests {
    private static let password = "p4ss word/ü\"'\\"

    private static func more(_ script: String) -> String {
        """
        set -e; export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
        git() { command git -c user.name=t -c user.email=t@example.com -c protocol.file.allow=always "$@"; }
        \(script)
        """
    }

    @Test func optionsAreFollowed() async throws {
        try await Lab.with { lab in
            let commit = try await Shell.run(
                Self.more(
                    """
                    cd work; git tag old; git commit -qm two --allow-empty; git commit -qm three --allow-empty; git tag new
                    git push -q --tags ../repository.git main; git rev-parse HEAD
                    """), in: lab.folder
            ).trimmingCharacters(in: .whitespacesAndNewlines)
            let tell = "echo $(git rev-list --count HEAD) $(git tag)"
            for (depth, tags, expected) in [
                (1, false, "1"), (0, false, "3"), (0, true, "3 new old"), (2, true, "2 new old"),
            ] {
                var job = lab.job([step(1, [tell])])
                job.clone.commit = commit
                job.clone.remote = "file://" + lab.repository
                job.plan.clone.depth = depth
                job.plan.clone.hasTags = tags
                lab.server.with { state in (state.log, state.ends) = ([], []) }
                #expect(try await lab.run(job).status == .success)
                #expect(lab.server.text == "+ \(tell)\n\(expected)\n")
            }
        }
    }

    @Test func noneMeansAnEmptyWorkspace() async throws {
        try await Lab.with { lab in
            var job = lab.job([step(1, ["ls -A"])])
            job.clone.remote = "/nowhere"
            job.plan.clone.isSkipped = true
            let end = try await lab.run(job)
            #expect(end.status == .success)
            #expect(lab.server.text == "+ ls -A\n")
            #expect(lab.server.steps == ["0 success 0", "1 success 0"])
        }
    }

    @Test(arguments: [AgentConfiguration.Sandbox.off, .required])
    func aCredentialOpensTheRemoteAndIsGone(_ sandbox: AgentConfiguration.Sandbox) async throws {
        try await Lab.with { lab in
            let git = try GitServer(folder: lab.folder, username: "x-token", password: Self.password)
            defer { git.stop() }
            let commands = [
                "cat file", "git config --local --list | grep -c -e credential -e x-token || true",
                "grep -rlF 'p4ss' . \"$HOME\" /tmp/p4ss 2>/dev/null || true", "env | grep -c p4ss || true",
            ]
            var job = lab.job([step(1, commands)])
            job.clone.remote = "http://127.0.0.1:\(git.port)/repository.git"
            job.clone.credential = CloneCredential(username: "x-token", password: Self.password)
            job.masks = [Self.password]
            #expect(try await lab.run(job, sandbox: sandbox).status == .success, "\(lab.server.text)")
            #expect(
                lab.server.text
                    == "+ cat file\ncontent\n+ \(commands[1])\n0\n+ \(commands[2])\n+ \(commands[3])\n0\n")
            #expect(git.answered.first == 401 && git.answered.last == 200)
        }
    }

    /// The folder of the settings is removed before the first step.
    @Test func noFileOfTheCloneIsLeft() async throws {
        try await Lab.with { lab in
            let command = "ls \"$CI_WORKSPACE/../control\""
            var job = lab.job([step(1, [command])])
            job.clone.credential = CloneCredential(username: "x", password: Self.password)
            let end = try await lab.run(job)
            #expect(end.status == .success)
            #expect(lab.server.text == "+ \(command)\n1\n")
        }
    }

    @Test func aWrongCredentialIsAnErrorWithoutIt() async throws {
        try await Lab.with { lab in
            let git = try GitServer(folder: lab.folder, username: "x-token", password: "another")
            defer { git.stop() }
            var job = lab.job([step(1, ["echo never"])])
            job.clone.remote = "http://127.0.0.1:\(git.port)/repository.git"
            job.clone.credential = CloneCredential(username: "x-token", password: Self.password)
            job.masks = [Self.password]
            let end = try await lab.run(job)
            #expect(end.status == .error && end.error.contains("the clone failed"))
            #expect(lab.server.text.contains("Authentication failed"), "\(lab.server.text)")
            #expect(!lab.server.text.contains("p4ss"))
        }
    }

    /// Anybody may have written it.
    @Test(arguments: [
        "file://FOLDER/inner.git", "FOLDER/inner.git", "ssh://127.0.0.1:1/inner.git", "ext::touch% FOLDER/ran",
    ])
    func aSubmoduleReachesNothingOfTheAgents(_ address: String) async throws {
        try await Lab.with { lab in
            let address = address.replacing("FOLDER", with: lab.folder)
            let commit = try await Shell.run(
                Self.more(
                    """
                    git init -q -b main inner; (cd inner; git commit -qm inner --allow-empty)
                    git clone -q --bare inner inner.git; cd work; git submodule --quiet add ../inner.git module
                    git config -f .gitmodules submodule.module.url '\(address)'; git add .gitmodules
                    git commit -qm module; git push -q ../repository.git main; git rev-parse HEAD
                    """), in: lab.folder
            ).trimmingCharacters(in: .whitespacesAndNewlines)
            var job = lab.job([step(1, ["echo never"])])
            job.clone.commit = commit
            job.plan.clone.isRecursive = true
            let end = try await lab.run(job)
            #expect(end.status == .error && lab.server.text.contains("not allowed"), "\(lab.server.text)")
            #expect(!FileManager.default.fileExists(atPath: lab.folder + "/ran"))
        }
    }

    @Test func submodulesComeFromTheSameServer() async throws {
        try await Lab.with { lab in
            let commit = try await Shell.run(
                Self.more(
                    """
                    git init -q -b main inner; (cd inner; echo inside > inside; git add .; git commit -qm inner)
                    git clone -q --bare inner inner.git; cd work; git submodule --quiet add ../inner.git module
                    git commit -qm module; git push -q ../repository.git main; git rev-parse HEAD
                    """), in: lab.folder
            ).trimmingCharacters(in: .whitespacesAndNewlines)
            let git = try GitServer(folder: lab.folder, username: "x-token", password: Self.password)
            defer { git.stop() }
            for isRecursive in [false, true] {
                var job = lab.job([step(1, ["cat module/inside || true"])])
                job.clone.commit = commit
                job.clone.remote = "http://127.0.0.1:\(git.port)/repository.git"
                job.clone.credential = CloneCredential(username: "x-token", password: Self.password)
                job.plan.clone.isRecursive = isRecursive
                lab.server.with { state in (state.log, state.ends) = ([], []) }
                #expect(try await lab.run(job).status == .success, "\(lab.server.text)")
                #expect(lab.server.text.hasSuffix("inside\n") == isRecursive, "\(lab.server.text)")
            }
        }
    }
}
