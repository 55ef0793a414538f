import Foundation
import Postgres
import Sealing
import TestSupport
import Testing

/// A program that cannot start says in one line what to do, and tells supervisors by its exit code.
@Suite struct StartProblemTests {
    @Test func anUnreachableDatabase() async throws {
        let port = try FreePort.find()
        try await withServe("postgresql://skep@127.0.0.1:\(port)/skep") { run in
            #expect(
                run.exitCode == 69 && Self.lastLine(run).hasPrefix("skep: The database cannot be reached: "), "\(run)")
        }
    }

    @Test func aLoginThatIsNotThere() async throws {
        try await withRoles { roles in
            let url = roles.server.replacingOccurrences(of: "_server@", with: "_nobody@")
            try await withServe(url) { run in
                #expect(run.exitCode == 77, "\(run)")
                #expect(Self.lastLine(run).hasPrefix("skep: The database refuses the login: "), "\(run)")
            }
        }
    }

    @Test func aLoginThatMayNotRead() async throws {
        try await withRoles { roles in
            try await withServe(roles.readers[0].url) { run in
                #expect(run.exitCode == 77 && run.errors.contains("needs one in the role skep_server"), "\(run)")
            }
        }
    }

    /// The server's own answer, which a function in a schema that comes first stands in for.
    @Test(arguments: ["serve", "migrate"]) func anOldServer(command: String) async throws {
        try await withRoles { roles in
            let login = try #require(URLComponents(string: roles.server)?.user)
            try await roles.superuser.run("create schema old")
            try await roles.superuser.run(
                "create function old.current_setting(text) returns text language sql return '140009'")
            try await roles.superuser.run("grant usage on schema old to public")
            try await roles.superuser.run("alter role \(login) set search_path = old, public, pg_catalog")
            try await withServe(roles.server, command: command) { run in
                #expect(run.exitCode == 78, "\(run)")
                #expect(
                    Self.lastLine(run).hasPrefix("skep: The database server is PostgreSQL 14, and Skep needs 15 or"))
            }
        }
    }

    @Test func aPortThatIsTaken() async throws {
        try await withServer(workers: false) { server in
            let listen = try #require(URLComponents(string: server.url)?.port.map { "127.0.0.1:\($0)" })
            try await withRoles { roles in
                try await withServe(roles.server, listen: listen) { run in
                    #expect(run.exitCode == 69, "\(run)")
                    #expect(Self.lastLine(run).hasPrefix("skep: The address of listen \(listen) is taken: "), "\(run)")
                }
            }
        }
    }

    private static func lastLine(_ run: ProgramRun) -> Substring { run.errors.split(separator: "\n").last ?? "" }

    private func withServe(
        _ url: String, command: String = "serve", listen: String = "127.0.0.1:0", _ body: (ProgramRun) throws -> Void
    ) async throws {
        let ring = FileManager.default.temporaryDirectory.appendingPathComponent("skep-\(UUID().uuidString)").path
        try KeyRing.generate(id: "test").write(toFile: ring, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: ring) }
        try body(
            try await ProgramRun.run(
                command,
                environment: ["SKEP_DATABASE_URL": url, "SKEP_KEYRING_FILE": ring, "SKEP_LISTEN": listen]))
    }
}
