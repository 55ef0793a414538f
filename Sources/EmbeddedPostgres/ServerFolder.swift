import Glibc
import SystemPackage

/// Where a server keeps its things: `data/`, `socket/`, `postgres.log` and `lock`, in one folder of mode 0700 that
/// belongs to the server's user.
struct ServerFolder: Sendable {
    let path: FilePath
    let account: Account

    var data: FilePath { path.appending("data") }
    var unfinishedData: FilePath { path.appending("data.new") }
    var socket: FilePath { path.appending("socket") }
    var log: FilePath { path.appending("postgres.log") }
    var lock: FilePath { path.appending("lock") }

    /// Finds or makes the folder. Relative paths count from the working directory.
    init(preparing folder: FilePath) throws(EmbeddedPostgresError) {
        try Self.check(folder)
        account = try Self.account(for: folder)
        try Self.make(folder, for: account)
        guard let real = folder.resolved else { throw Self.unusable(folder, Errno(rawValue: errno)) }
        path = real
    }

    /// Whether the server's user can get to `folder`, which need not exist yet.
    static func check(_ folder: FilePath) throws(EmbeddedPostgresError) {
        guard !folder.string.contains(where: { forbidden.contains($0) }), !folder.isEmpty else {
            throw EmbeddedPostgresError(
                .badFolder, "PostgreSQL cannot keep its data in '\(folder)': the name has characters that it misreads")
        }
        let account = try account(for: folder)
        var above = folder.nearestExisting
        if folder.resolved != nil { above.removeLastComponent() }
        guard let closed = firstClosed(on: above, for: account) else { return }
        throw EmbeddedPostgresError(
            .closedFolder,
            """
            PostgreSQL runs as the user '\(account.name)', who cannot enter \(closed); \
            choose a folder outside of it for the data, such as /var/lib/skep
            """)
    }

    /// `pg_ctl` puts paths into a shell command between double quotes; a comma separates socket folders.
    private static let forbidden: Set<Character> = ["\"", "'", "$", "`", "\\", ",", "\n", "\r", "\0"]

    private static func account(for folder: FilePath) throws(EmbeddedPostgresError) -> Account {
        try Account.toRun(dataOwner: FileStatus(folder.appending("data"))?.owner)
    }

    private static func firstClosed(on path: FilePath, for account: Account) -> FilePath? {
        var step = FilePath(root: path.root)
        for component in path.components {
            step.append(component)
            if let status = FileStatus(step), !status.letsThrough(account) { return step }
        }
        return nil
    }

    /// A folder that is there and not empty is taken only if it is the server's already: it may be anybody's.
    private static func make(_ folder: FilePath, for account: Account) throws(EmbeddedPostgresError) {
        guard let status = FileStatus(folder) else { return try makeNew(folder, for: account) }
        guard status.isFolder else { throw EmbeddedPostgresError(.badFolder, "\(folder) is not a folder") }
        if status.owner == account.user { return }
        guard Account.isRoot && folder.entries.isEmpty else {
            let problem = Account.isRoot ? "is not empty and does not belong to" : "does not belong to"
            throw EmbeddedPostgresError(.badFolder, "\(folder) \(problem) '\(account.name)', whom PostgreSQL runs as")
        }
        try give(folder, to: account)
    }

    private static func makeNew(_ folder: FilePath, for account: Account) throws(EmbeddedPostgresError) {
        let above = folder.removingLastComponent()
        if !above.isEmpty && !above.exists { try makeFolders(above) }
        try makeFolder(folder, for: account)
    }

    /// Folders on the way are ours, open to pass through.
    private static func makeFolders(_ folder: FilePath) throws(EmbeddedPostgresError) {
        let above = folder.removingLastComponent()
        if !above.isEmpty && !above.exists { try makeFolders(above) }
        guard folder.withPlatformString({ mkdir($0, 0o755) }) == 0 || errno == EEXIST else {
            throw unusable(folder, Errno(rawValue: errno))
        }
    }

    /// Makes one folder of mode 0700 for the server's user; one that is there is left as it is.
    static func makeFolder(_ folder: FilePath, for account: Account) throws(EmbeddedPostgresError) {
        guard folder.withPlatformString({ mkdir($0, 0o700) }) == 0 else {
            if errno == EEXIST { return }
            throw unusable(folder, Errno(rawValue: errno))
        }
        try give(folder, to: account)
    }

    private static func give(_ folder: FilePath, to account: Account) throws(EmbeddedPostgresError) {
        guard !Account.isRoot || folder.withPlatformString({ lchown($0, account.user, account.group) }) == 0 else {
            throw unusable(folder, Errno(rawValue: errno))
        }
    }

    static func unusable(_ folder: FilePath, _ cause: Errno) -> EmbeddedPostgresError {
        EmbeddedPostgresError(.badFolder, "the folder \(folder) cannot be used: \(cause)")
    }
}
