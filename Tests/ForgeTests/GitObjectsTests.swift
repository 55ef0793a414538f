import Foundation
import Testing

@testable import Forge

@Suite struct GitObjectsTests {
    private func pushed(_ file: String, _ bytes: [UInt8], format: String = "sha1") async throws -> (GitSandbox, String)
    {
        let sandbox = try await GitSandbox(objectFormat: format)
        let commit = try await sandbox.commit(file, bytes)
        try await sandbox.git("push", "--quiet", "origin", "main")
        return (sandbox, commit)
    }

    @Test(arguments: [".drone.yml", "a folder/ü \"quoted\" * [x]", "-dash", "with missing", "a:b", "tab\there"])
    func readsAFile(name: String) async throws {
        let bytes: [UInt8] = [0, 1, 10, 255, 10, 10]
        let (sandbox, commit) = try await pushed(name, bytes)
        #expect(try await sandbox.forge.file(name, at: commit, in: sandbox.path) == bytes)
        #expect(try await sandbox.forge.file(name + " missing", at: commit, in: sandbox.path) == nil)
    }

    @Test(arguments: ["sha1", "sha256"]) func readsAtATag(format: String) async throws {
        let (sandbox, commit) = try await pushed("f", [], format: format)
        try await sandbox.git("tag", "--annotate", "--message", "one", "v1")
        try await sandbox.git("push", "--quiet", "origin", "v1")
        let tag = try await sandbox.git("rev-parse", "v1")
        #expect(tag != commit)
        #expect(try await sandbox.forge.file("f", at: tag, in: sandbox.path) == [])
        #expect(try await sandbox.forge.commit(tag, in: sandbox.path)?.id == commit)
    }

    /// All at once is the same as one by one.
    @Test(arguments: ["sha1", "sha256"]) func aSnapshotIsWhatStandsThere(format: String) async throws {
        let (sandbox, _) = try await pushed(".drone.yml", [1, 10, 10], format: format)
        let commit = try await sandbox.commit("folder/f", [2])
        try await sandbox.git("tag", "--annotate", "--message", "one", "v1")
        try await sandbox.git("push", "--quiet", "origin", "main", "v1")
        let tag = try await sandbox.git("rev-parse", "v1")
        for id in [commit, tag, String(repeating: "a", count: commit.count), "main", ""] {
            for names in [[".drone.yml", ".drone.sec"], ["folder", "folder/f", "../f"], []] {
                let whole = try await sandbox.forge.snapshot(of: id, files: names, in: sandbox.path)
                let parts = try await sandbox.forge.snapshotOneByOne(of: id, files: names, in: sandbox.path)
                #expect(whole?.commit == parts?.commit && whole?.files == parts?.files, "\(id) \(names)")
                #expect((whole == nil) == ![commit, tag].contains(id))
            }
        }
        let found = try await sandbox.forge.snapshot(of: tag, files: [".drone.yml", "x"], in: sandbox.path)
        #expect(found?.commit.id == commit && found?.files == [.bytes([1, 10, 10]), .none])
        let huge = try await sandbox.commit(".drone.yml", [UInt8](repeating: 7, count: ForgeLimits.file + 1))
        try await sandbox.git("push", "--quiet", "origin", "main")
        let large = try await sandbox.forge.snapshot(of: huge, files: [".drone.yml", "folder/f"], in: sandbox.path)
        #expect(large?.files == [.tooLarge, .bytes([2])])
    }

    @Test(arguments: [
        "missing", "", "folder", "folder/", "/folder/f", "./folder/f", "../f", "folder/../folder/f", "folder//f",
        "a\nb", "a\0b", "folder/f\r",
    ])
    func nilForWhatIsNoFile(name: String) async throws {
        let (sandbox, commit) = try await pushed("folder/f", [1])
        #expect(try await sandbox.forge.file(name, at: commit, in: sandbox.path) == nil)
    }

    @Test(arguments: [
        "main", "HEAD", "", "--batch", "main\nmain", String(repeating: "0", count: 40),
        String(repeating: "a", count: 64),
        String(repeating: "b", count: 39),
    ])
    func nilForWhatIsNoCommit(id: String) async throws {
        let (sandbox, _) = try await pushed("f", [1])
        #expect(try await sandbox.forge.file("f", at: id, in: sandbox.path) == nil)
        #expect(try await sandbox.forge.commit(id, in: sandbox.path) == nil)
    }

    @Test func aBlobIsNoCommit() async throws {
        let (sandbox, _) = try await pushed("f", [1])
        let blob = try await sandbox.git("rev-parse", "HEAD:f")
        #expect(try await sandbox.forge.commit(blob, in: sandbox.path) == nil)
    }

    @Test func refusesHugeFiles() async throws {
        let edge = [UInt8](repeating: 7, count: ForgeLimits.file)
        let (sandbox, commit) = try await pushed("edge", edge)
        #expect(try await sandbox.forge.file("edge", at: commit, in: sandbox.path) == edge)
        for size in [ForgeLimits.file + 1, 30 << 20] {
            let huge = try await sandbox.commit("huge", [UInt8](repeating: 7, count: size))
            try await sandbox.git("push", "--quiet", "origin", "main")
            await #expect { try await sandbox.forge.file("huge", at: huge, in: sandbox.path) } throws: {
                ($0 as? ForgeError)?.code == .tooLarge && "\($0)" == "huge is over 1048576 bytes"
            }
        }
    }

    @Test func aDamagedObjectIsNotAMissingOne() async throws {
        let (sandbox, commit) = try await pushed("f", Array("text".utf8))
        let blob = try await sandbox.git("rev-parse", "HEAD:f")
        let object = "\(sandbox.bare)/objects/\(blob.prefix(2))/\(blob.dropFirst(2))"
        try FileManager.default.removeItem(atPath: object)
        try Data("garbage".utf8).write(to: URL(fileURLWithPath: object))
        await #expect { try await sandbox.forge.file("f", at: commit, in: sandbox.path) } throws: {
            ($0 as? ForgeError)?.code == .broken
        }
    }

    @Test func readsACommit() async throws {
        let sandbox = try await GitSandbox()
        let id = try await sandbox.commit("f", message: "Subject: ü\n\nBody <x>\n\nmore")
        try await sandbox.git("push", "--quiet", "origin", "main")
        let commit = try #require(try await sandbox.forge.commit(id, in: sandbox.path))
        #expect(
            commit
                == CommitInfo(
                    id: id, title: "Subject: ü", message: "Subject: ü\n\nBody <x>\n\nmore", authorName: "The Octocat",
                    authorEmail: "octocat@github.com", timestamp: Date(timeIntervalSince1970: 1_400_000_000)))
    }

    @Test(arguments: [
        ("encoding ISO-8859-1\n", [0x47, 0x72, 0xFC, 0xDF], "Grüß"),
        ("", [0x47, 0x72, 0xFC, 0x21], "Gr\u{FFFD}!"),
        ("", Array("Grüß".utf8), "Grüß"),
        ("encoding KOI8-R\n", [0x41, 0xFF], "A\u{FFFD}"),
        ("", [0x41, 0, 0x42], "A\u{FFFD}B"),
    ])
    func replacesWhatIsNotText(encoding: String, message: [UInt8], expected: String) async throws {
        let (sandbox, _) = try await pushed("f", [1])
        let tree = try await sandbox.git("rev-parse", "HEAD^{tree}")
        let person = Array("J".utf8) + message.filter { $0 != 0 } + Array(" <j@x> 1 +0000\n".utf8)
        let raw =
            Array("tree \(tree)\nauthor ".utf8) + person + Array("committer ".utf8) + person
            + Array("\(encoding)\n".utf8) + message + Array("\n".utf8)
        let id = try await sandbox.git(
            "hash-object", "-t", "commit", "-w", "--stdin", "--literally", in: sandbox.bare, input: raw)
        let commit = try #require(try await sandbox.forge.commit(id, in: sandbox.path))
        #expect(commit.message == expected)
        #expect(commit.title == expected)
        #expect(commit.authorName == "J" + expected.replacingOccurrences(of: "A\u{FFFD}B", with: "AB"))
        #expect(commit.timestamp == Date(timeIntervalSince1970: 1))
    }

    @Test(arguments: [
        ("author A <a@x> 5 +0000\ncommitter C <c@x> 7 +0000\n", "A", "a@x", 7.0),
        ("author A\ncommitter C\n", "A", "", 0),
        ("author <>\ncommitter C <c> 99999999999999999999 +0000\n", "", "", 0),
        ("author A >x<y> 1\ncommitter C <c> -5 +0000\n", "A >x", "y", 0),
        ("author A <a>\ncommitter C <c> 999999999999999 +0000\n", "A", "a", 253_402_300_799),
    ])
    func readsOddCommits(headers: String, name: String, email: String, seconds: Double) throws {
        let commit = try #require(CommitInfo(id: "x", raw: Array("tree 0\n\(headers)\n".utf8)))
        #expect(commit.authorName == name)
        #expect(commit.authorEmail == email)
        #expect(commit.timestamp.timeIntervalSince1970 == seconds)
        #expect(commit.message == "")
    }

    @Test func nilForWhatIsNotACommit() {
        #expect(CommitInfo(id: "x", raw: []) == nil)
        #expect(CommitInfo(id: "x", raw: Array("tree 0\nauthor A <a> 1 +0\n\nm".utf8)) == nil)
    }

    @Test func tellsWhatChanged() async throws {
        let (sandbox, first) = try await pushed("a folder/ü \"quoted\"", [1])
        _ = try await sandbox.commit("gone", [1])
        let second = try await sandbox.commit("tab\there", [2])
        try await sandbox.git("rm", "--quiet", "gone")
        try await sandbox.git("mv", "a folder", "moved")
        try await sandbox.git("commit", "--quiet", "--message", "moved")
        let third = try await sandbox.git("rev-parse", "HEAD")
        try await sandbox.git("push", "--quiet", "origin", "main")
        func changed(_ before: String, _ after: String) async throws -> [String]? {
            try await sandbox.forge.changedPaths(from: before, to: after, in: sandbox.path)
        }
        #expect(try await changed(first, second) == ["gone", "tab\there"])
        #expect(
            try await changed(first, third) == ["a folder/ü \"quoted\"", "moved/ü \"quoted\"", "tab\there"])
        #expect(try await changed(third, third) == [])
        for before in ["main", "", String(repeating: "0", count: 40), String(repeating: "a", count: 40)] {
            #expect(try await changed(before, third) == nil)
        }
    }

    @Test func tooManyChangesAreUnknown() async throws {
        let (sandbox, first) = try await pushed("f", [1])
        for number in 0...ForgeLimits.changedPaths { try sandbox.write([1], to: "work/many/\(number)") }
        try await sandbox.git("add", ".")
        try await sandbox.git("commit", "--quiet", "--message", "many")
        let second = try await sandbox.git("rev-parse", "HEAD")
        try await sandbox.git("rm", "--quiet", "many/0")
        try await sandbox.git("commit", "--quiet", "--amend", "--message", "one less")
        let third = try await sandbox.git("rev-parse", "HEAD")
        try await sandbox.git("push", "--quiet", "origin", "main", "\(second):refs/heads/many")
        #expect(try await sandbox.forge.changedPaths(from: first, to: second, in: sandbox.path) == nil)
        #expect(try await sandbox.forge.changedPaths(from: first, to: third, in: sandbox.path)?.count == 3000)
    }
}
