import EmbeddedPostgres
import Foundation
import Glibc
import Sealing
import SystemPackage

/// The folder that `skep dev` keeps everything in.
struct DevFolder: Sendable {
    let path: String

    /// A place that the database's own user can enter too: root's home is none.
    static var standard: String {
        getuid() == 0 ? "/var/lib/skep-dev" : NSHomeDirectory() + "/.local/share/skep-dev"
    }

    init(_ path: String) throws {
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
        do {
            try PostgresServer.check(FilePath(self.path + "/postgres"))
            try FileManager.default.createDirectory(atPath: git, withIntermediateDirectories: true)
        } catch let error as EmbeddedPostgresError {
            throw SettingsError(message: error.message)
        } catch {
            throw SettingsError(message: "The data folder \(self.path) cannot be made: \(error.localizedDescription)")
        }
    }

    /// Where bare repositories are pushed to.
    var git: String { path + "/git" }

    /// Made at the first start. Without it, what is sealed in the database is lost.
    func keyRing() throws -> String {
        try secret("keyring") { try KeyRing.generate(id: Self.keyID) }
    }

    static let keyID = "dev"

    /// A secret of the folder, readable to its owner only, made at the first start.
    func secret(_ name: String, make: () throws -> String) throws -> String {
        let file = "\(path)/\(name)"
        if let data = FileManager.default.contents(atPath: file) { return String(decoding: data, as: UTF8.self) }
        let text = try make()
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        guard descriptor >= 0 else { throw SettingsError(message: "\(file) cannot be written.") }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        try handle.write(contentsOf: Data(text.utf8))
        return text
    }
}
