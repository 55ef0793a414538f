import Glibc
import SystemPackage

/// What stat(2) says of a path, symbolic links followed.
struct FileStatus {
    let owner: uid_t
    let group: gid_t
    let mode: mode_t

    /// nil: there is nothing, or nothing that we can see.
    init?(_ path: FilePath) {
        var status = stat()
        guard path.withPlatformString({ stat($0, &status) }) == 0 else { return nil }
        owner = status.st_uid
        group = status.st_gid
        mode = status.st_mode
    }

    var isFolder: Bool { mode & S_IFMT == S_IFDIR }

    /// Whether `account` may pass this folder on its way to something inside. Access lists are not looked at.
    func letsThrough(_ account: Account) -> Bool {
        if account.user == 0 { return true }
        if account.user == owner { return mode & S_IXUSR != 0 }
        if account.group == group { return mode & S_IXGRP != 0 }
        return mode & S_IXOTH != 0
    }

    /// Whether `account` may put files into this folder, and take its own out again.
    func letsWrite(_ account: Account) -> Bool {
        letsThrough(account) && (account.user == owner ? mode & S_IWUSR != 0 : mode & S_IWOTH != 0)
    }
}

extension FilePath {
    var exists: Bool { FileStatus(self) != nil }

    var isExecutable: Bool { withPlatformString { access($0, X_OK) } == 0 }

    /// The path without symbolic links; nil if there is nothing.
    var resolved: FilePath? {
        withPlatformString { path in
            guard let real = realpath(path, nil) else { return nil }
            defer { free(real) }
            return FilePath(platformString: real)
        }
    }

    /// The nearest of this path and those above it that exists, without symbolic links.
    var nearestExisting: FilePath {
        var path = self
        while true {
            if let real = path.resolved { return real }
            guard path.removeLastComponent() else { return "/" }
        }
    }

    /// Names of what is in this folder; none if it cannot be read.
    var entries: [String] {
        guard let folder = withPlatformString({ opendir($0) }) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// The text of a small file (up to `limit` bytes from its end); nil if it cannot be read.
    func text(last limit: Int = 65_536) -> String? {
        guard let file = try? FileDescriptor.open(self, .readOnly, options: .closeOnExec) else { return nil }
        defer { try? file.close() }
        if let size = try? file.seek(offset: 0, from: .end) {
            _ = try? file.seek(offset: max(0, size - Int64(limit)), from: .start)
        }
        var bytes = [UInt8](repeating: 0, count: limit)
        guard let count = try? bytes.withUnsafeMutableBytes({ try file.read(into: $0) }) else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
