import ArgumentParser
import Builds
import Foundation
import Sealing
import Store

extension KeyCommand {
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a new key into a key ring file.",
            discussion: """
                At the end, unless told otherwise: servers that have the file then open what the key seals, and seal nothing with it \
                yet. With one server only, --first saves a restart.
                """)

        @Argument(help: "The key ring file.")
        var file: String
        @Option(help: "The new key's id: 1 to 32 of a to z, 0 to 9 and -.")
        var id: String
        @Flag(help: "Before all others: servers that have the file then seal with it.")
        var first = false

        func run() throws {
            do {
                let text = try String(contentsOfFile: file, encoding: .utf8)
                let changed = try KeyRing.adding(id: id, to: text, asCurrent: first)
                try replace(file, with: changed)
                say(
                    "\(file) has the keys \(try KeyRing(text: changed).keyIDs.joined(separator: ", ")); the first one seals."
                )
            } catch let error as SealingError {
                fail("\(file): \(error)")
            } catch {
                fail("\(file) cannot be changed: \(error.localizedDescription)")
            }
        }

        /// In one step, with the mode it had: a server that starts just now reads all of the old or all of the new.
        private func replace(_ file: String, with text: String) throws {
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber
            let new = "\(file).new"
            guard
                FileManager.default.createFile(
                    atPath: new, contents: Data(text.utf8), attributes: [.posixPermissions: mode ?? 0o600])
            else { throw CocoaError(.fileWriteUnknown) }
            guard rename(new, file) == 0 else { throw CocoaError(.fileWriteUnknown) }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the keys of the ring and of the database, and how much each has sealed.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await orExplain {
                let ring = try await options.settings().ring()
                try await withStore(options, keyRing: ring) { store in
                    let known = Set(try await store.registeredKeys() + store.keysInUse()).subtracting(ring.keyIDs)
                    say(Self.row("key", SealedKind.allCases.map(\.name), ""))
                    for id in ring.keyIDs + known.sorted() {
                        let use = try await store.use(ofKey: id)
                        say(
                            Self.row(
                                id, SealedKind.allCases.map { Self.text(use.counts[$0] ?? 0) }, Self.note(use, ring)))
                    }
                }
            }
        }

        private static func row(_ id: String, _ counts: [String], _ note: String) -> String {
            let cells = [id.padding(toLength: 34, withPad: " ", startingAt: 0)]
            let columns = counts.map { $0.padding(toLength: 14, withPad: " ", startingAt: 0) }
            return (cells + columns + [note]).joined().trimmingCharacters(in: .whitespaces)
        }

        private static func text(_ count: Int) -> String { count < KeyUse.most ? "\(count)" : "\(count) or more" }

        private static func note(_ use: KeyUse, _ ring: KeyRing) -> String {
            switch (ring.keyIDs.contains(use.keyID), use.isUsed) {
            case (true, _) where use.keyID == ring.currentKeyID: "seals"
            case (true, true): "opens; `skep key rotate` replaces it"
            case (true, false): "opens; not used"
            case (false, true): "NOT IN THE RING: what it sealed cannot be opened"
            case (false, false): "not in the ring; not used"
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal everything anew with the first key of the ring, while servers run.",
            discussion: """
                Every server must have the first key of the ring already, and seal with it: see docs/security.md. May be ended and \
                started again at any time. Exit code 0: the other keys are not used any more. 1: something could not be opened, or the \
                ring or the database cannot be used. 2: a server still seals with another key.
                """)

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await orExplain {
                let ring = try await options.settings().ring()
                try await withStore(options, keyRing: ring) { store in
                    try await store.checkKeyRing()
                    var said = 0
                    let end = try await Operations(store: store, actor: .person).rotateKeys { progress in
                        guard progress.resealed >= said + 1000 else { return }
                        said = progress.resealed
                        say("\(progress.resealed) sealed anew")
                    }
                    try conclude(end, ring)
                }
            }
        }

        private func conclude(_ end: RotationProgress, _ ring: KeyRing) throws {
            say("\(end.resealed) sealed anew with \(ring.currentKeyID).")
            for item in end.broken.sorted() { say("Cannot be opened, and is left as it is: \(item).") }
            if !end.broken.isEmpty { throw ExitCode(1) }
            guard !end.isComplete else { return }
            say(
                "Still used: \(end.left.joined(separator: ", ")). A server seals with it: restart it with the new ring, and rotate again."
            )
            throw ExitCode(2)
        }
    }
}
