import ArgumentParser
import Builds
import Core
import Foundation
import Sealing
import Store

struct KeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "The key ring, and what it opens. Offline: needs the database and the key ring, no server.",
        subcommands: [Generate.self, Add.self, List.self, Rotate.self, Export.self, Open.self])

    struct Generate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a new key ring with one key.",
            discussion:
                "Keep it in a file that only the server's user can read, and keep a copy elsewhere: without it secrets are lost."
        )

        @Option(help: "The key's id: 1 to 32 of a to z, 0 to 9 and -.")
        var id = "key-1"

        func run() throws {
            do {
                say(try KeyRing.generate(id: id).trimmingCharacters(in: .newlines))
            } catch let error as SealingError {
                fail("\(error)")
            }
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a repository's private key (PEM, PKCS #8).")

        @OptionGroup var options: ConfigurationOptions
        @Option(help: "The repository, OWNER/NAME.")
        var repo: String

        func run() async throws {
            try await withKeyPairs(options, repo, "key.export") { pairs in
                say(pairs[0].privatePEM.trimmingCharacters(in: .newlines))
            }
        }
    }

    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Open what was encrypted for a repository, and print it.")

        @OptionGroup var options: ConfigurationOptions
        @Option(help: "The repository, OWNER/NAME.")
        var repo: String
        @Argument(help: "A file with a compact JWE.")
        var file: String

        func run() async throws {
            guard let data = FileManager.default.contents(atPath: file) else { fail("\(file) cannot be read.") }
            let compact = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            try await withKeyPairs(options, repo, "key.open") { pairs in
                do {
                    FileHandle.standardOutput.write(Data(try JWE.decrypt(compact, keys: pairs)))
                } catch let error as SealingError {
                    throw SettingsError(message: "\(file) cannot be opened: \(error)")
                }
            }
        }
    }
}

private func withKeyPairs(
    _ options: ConfigurationOptions, _ repo: String, _ action: String, _ body: ([KeyPair]) throws -> Void
) async throws {
    try await orExplain {
        let ring = try await options.settings().ring()
        guard let path = RepoPath(option: repo) else { throw SettingsError(message: "--repo must be OWNER/NAME.") }
        try await withStore(options, keyRing: ring) { store in
            try body(try await Operations(store: store, actor: .person).keyPairs(of: path, for: action))
        }
    }
}

extension RepoPath {
    /// OWNER/NAME, where the owner may have slashes of its own.
    init?(option text: String) {
        let parts = text.split(separator: "/")
        guard parts.count >= 2 else { return nil }
        self.init(owner: parts.dropLast().joined(separator: "/"), name: String(parts.last ?? ""))
    }
}
