import Core
import Foundation
import Postgres
import Sealing
import Store
import TestSupport
import Testing

/// The key ring at the command line, and what a server refuses to start with.
@Suite struct KeyCommandTests {
    @Test func aNewKeyTakesOver() async throws {
        try await withRing { ring in
            try await withRoles { roles in
                let environment = ["SKEP_DATABASE_URL": roles.server, "SKEP_KEYRING_FILE": ring]
                try await fill(roles, ring)
                let added = try await ProgramRun.run("key", "add", ring, "--id", "2026-12", "--first")
                #expect(added.exitCode == 0 && added.output.contains("2026-12, old; the first one seals"))
                let mode = try FileManager.default.attributesOfItem(atPath: ring)[.posixPermissions] as? Int
                #expect(mode == 0o600)
                let before = try await ProgramRun.run("key", "list", environment: environment)
                #expect(try rows(before)["old"] == ["0", "0", "3"] && rows(before)["2026-12"] == ["0", "0", "0"])
                let rotated = try await ProgramRun.run("key", "rotate", environment: environment)
                #expect(rotated.exitCode == 0 && rotated.output == "3 sealed anew with 2026-12.\n", "\(rotated)")
                let after = try await ProgramRun.run("key", "list", environment: environment)
                #expect(try rows(after)["old"] == ["0", "0", "0"] && rows(after)["2026-12"] == ["0", "0", "3"])
                let text = try String(contentsOfFile: ring, encoding: .utf8)
                for line in text.split(separator: "\n") {
                    let key = try #require(line.split(separator: " ").last)
                    #expect(!(added.output + before.output + rotated.output + after.output).contains(key))
                }
                let store = Store(
                    database: roles.superuser, keyRing: try KeyRing(text: text.components(separatedBy: "\n")[0]))
                #expect(try await store.openSecrets(tenantID: 1, repoID: 0).count == 3)
            }
        }
    }

    @Test func whatIsLostIsToldByTheExitCode() async throws {
        try await withRing { ring in
            try await withRoles { roles in
                let environment = ["SKEP_DATABASE_URL": roles.server, "SKEP_KEYRING_FILE": ring]
                try await fill(roles, ring)
                _ = try await ProgramRun.run("key", "add", ring, "--id", "new", "--first")
                try await roles.superuser.run("update secrets set value = 'nothing that was ever sealed' where id = 2")
                let rotated = try await ProgramRun.run("key", "rotate", environment: environment)
                #expect(rotated.exitCode == 1)
                #expect(rotated.output.contains("Cannot be opened, and is left as it is: secrets 2."))
                try KeyRing.generate(id: "other").write(toFile: ring, atomically: true, encoding: .utf8)
                let lacking = try await ProgramRun.run("key", "rotate", environment: environment)
                #expect(lacking.exitCode == 1 && lacking.errors.contains("no key has the id new"))
                let list = try await ProgramRun.run("key", "list", environment: environment)
                #expect(list.output.contains("NOT IN THE RING"))
            }
        }
    }

    @Test func aServerRefusesADefaultAMissingAndALackingKey() async throws {
        try await withRing { ring in
            try await withRoles { roles in
                var environment = ["SKEP_DATABASE_URL": roles.server, "SKEP_LISTEN": "127.0.0.1:0"]
                let missing = try await ProgramRun.run("serve", environment: environment)
                #expect(missing.exitCode == 1 && missing.errors.contains("Set keyring_file"))
                environment["SKEP_KEYRING_FILE"] = ring
                try await fill(roles, ring)
                let zeros = Data(count: 32).base64EncodedString()
                for (text, says) in [
                    ("", "has no key"), ("key-1 \(zeros)\n", "the key key-1 is not random"),
                    (try KeyRing.generate(id: "dev"), "which `skep dev` made"),
                    (try KeyRing.generate(id: "new"), "The key ring has no key old"),
                    (try KeyRing.generate(id: "old"), "The key old of the key ring is not the one"),
                ] {
                    try text.write(toFile: ring, atomically: true, encoding: .utf8)
                    let refused = try await ProgramRun.run("serve", environment: environment)
                    #expect(refused.exitCode == 1 && refused.errors.contains(says), "\(says): \(refused.errors)")
                    #expect(!refused.errors.contains(zeros))
                }
                environment["SKEP_KEYRING_FILE"] = ring + ".gone"
                let gone = try await ProgramRun.run("serve", environment: environment)
                #expect(gone.exitCode == 78 && gone.errors.contains("cannot be read"))
            }
        }
    }

    // -----------------------------------------------------------------------------------------------------------

    /// A ring file with the key `old`.
    private func withRing(_ body: (String) async throws -> Void) async throws {
        let ring = FileManager.default.temporaryDirectory.appendingPathComponent("ring-\(UUID().uuidString)").path
        let text = try KeyRing.generate(id: "old")
        _ = FileManager.default.createFile(
            atPath: ring, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        let result: Result<Void, any Error>
        do { result = .success(try await body(ring)) } catch { result = .failure(error) }
        try? FileManager.default.removeItem(atPath: ring)
        try result.get()
    }

    /// Three secrets of a tenant, sealed with the ring.
    private func fill(_ roles: DatabaseRoles, _ ring: String) async throws {
        let text = try String(contentsOfFile: ring, encoding: .utf8)
        let store = Store(database: roles.superuser, keyRing: try KeyRing(text: text))
        try await store.checkKeyRing()
        let forge = try await store.ensureForge(name: "git", kind: "git", url: "", isDefault: true)
        let tenant = try await store.ensureTenant(forgeID: forge, forgeOwnerID: "a", name: "a").tenant
        for index in 1...3 {
            let secret = NamedSecret(name: "s\(index)", value: "value \(index)", events: [.push], images: [])
            _ = try await store.createSecret(SecretPlace(tenantID: tenant.id), secret, by: "ada")
        }
    }

    /// Counts by key.
    private func rows(_ list: ProgramRun) throws -> [String: [String]] {
        try #require(list.exitCode == 0, "\(list.errors)")
        let lines = list.output.split(separator: "\n").dropFirst().map { $0.split(separator: " ").map(String.init) }
        return Dictionary(uniqueKeysWithValues: lines.map { ($0[0], Array($0[1...3])) })
    }
}
