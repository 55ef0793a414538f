import FoundationEssentials
import Glibc
import SystemPackage

/// The folder of an agent's workspaces, held by this agent alone while the value is kept.
final class AgentFolder: Sendable {
    let path: String
    private let lock: FileDescriptor

    /// - Throws: `AgentError.folderUnusable`.
    init(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            // Markers in environments are compared as text, so there must be one way to write it.
            self.path = URL(filePath: path).resolvingSymlinksInPath().path
            lock = try FileDescriptor.open(
                FilePath(self.path + "/lock"), .readWrite, options: [.create, .closeOnExec],
                permissions: .ownerReadWrite)
        } catch {
            throw AgentError(.folderUnusable, "cannot use the agent's folder \(path): \(error)")
        }
        guard flock(lock.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            try? lock.close()
            throw AgentError(.folderUnusable, "another agent uses the folder \(path)")
        }
    }

    deinit { try? lock.close() }
}
