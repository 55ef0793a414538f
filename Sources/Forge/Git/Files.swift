import FoundationEssentials
import SystemPackage

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

/// Small files, written so that neither a reader nor a crash meets half of one. Failures are `ForgeError.system`.
enum Files {
    /// Whether something has that name, be it a link that leads nowhere.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    static func isLink(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
    }

    static func areSame(_ one: String, _ other: String) -> Bool {
        var first = stat()
        var second = stat()
        return lstat(one, &first) == 0 && lstat(other, &second) == 0
            && first.st_ino == second.st_ino && first.st_dev == second.st_dev
    }

    /// The path without links, `.` and `..`. nil where nothing has it.
    static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// The names in a folder, sorted by bytes; none where there is no such folder.
    static func names(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// At most `limit` bytes from the start of a file.
    static func read(_ path: String, atMost limit: Int) throws(ForgeError) -> [UInt8] {
        try attempt("read", path) {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            return try file.closeAfter { try contents(of: file, atMost: limit) }
        }
    }

    private static func contents(of file: FileDescriptor, atMost limit: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < limit {
            let wanted = min(limit - bytes.count, 1 << 16)
            let piece = try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }

    /// Writes a file beside `path`, flushes it and renames it into place. `mode` holds whatever the umask is.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws(ForgeError) {
        let temporary = "\(path).\(UInt32.random(in: .min ... .max)).tmp"
        try attempt("write", path) {
            do {
                try create(temporary, holding: bytes, mode: mode)
                try check(Self.rename(temporary, path))
            } catch {
                unlink(temporary)
                throw error
            }
        }
    }

    private static func create(_ path: String, holding bytes: [UInt8], mode: mode_t) throws {
        let file = try FileDescriptor.open(
            FilePath(path), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: FilePermissions(rawValue: CModeT(mode)))
        try file.closeAfter {
            try check(fchmod(file.rawValue, mode))
            try file.writeAll(bytes)
            try check(fsync(file.rawValue))
        }
    }

    private static func rename(_ source: String, _ target: String) -> Int32 {
        #if canImport(Darwin)
        Darwin.rename(source, target)
        #else
        Glibc.rename(source, target)
        #endif
    }

    static func move(_ source: String, to target: String) throws(ForgeError) {
        try attempt("rename", source) { try check(rename(source, target)) }
    }

    /// Gives a file a second name.
    static func link(_ source: String, as target: String) throws(ForgeError) {
        // Not `link`: on some systems that follows a symbolic link.
        try attempt("link", source) { try check(linkat(AT_FDCWD, source, AT_FDCWD, target, 0)) }
    }

    /// Removes a file, or a folder with all that is in it. No error where there is none.
    static func remove(_ path: String) throws(ForgeError) {
        guard exists(path) else { return }
        try attempt("remove", path) { try FileManager.default.removeItem(atPath: path) }
    }

    static func makeFolder(_ path: String, mode: mode_t) throws(ForgeError) {
        try attempt("make", path) {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try check(chmod(path, mode))
        }
    }

    private static func check(_ result: Int32) throws(Errno) {
        if result != 0 { throw Errno(rawValue: errno) }
    }

    private static func attempt<Value>(_ verb: String, _ path: String, _ work: () throws -> Value) throws(ForgeError)
        -> Value
    {
        do {
            return try work()
        } catch {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            throw ForgeError(.system, "could not \(verb) \(name)", detail: "\(path): \(error)")
        }
    }
}
