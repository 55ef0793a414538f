package import SystemPackage

/// A PostgreSQL server of our own, reached through a Unix socket only.
///
/// There is no password: whoever can enter the server's folder (mode 0700: the user that the server runs as, and root)
/// may do all in it as the superuser `postgres`. It listens on no TCP port.
package struct PostgresServer: Sendable {
    private let launch: Launch
    private let postmaster: Postmaster
    private let watcher: Watcher?

    /// Starts the server that keeps its data in `folder`, on new data if there are none.
    ///
    /// The server outlives this process, also a killed one, until `stop`; a server that already runs there is taken
    /// over as it is. As root it runs as the owner of the data, else as `postgres` or `nobody`.
    package static func start(
        in folder: FilePath, settings: PostgresSettings = .durable
    ) async throws -> PostgresServer {
        let launch = try await Launch(in: ServerFolder(preparing: folder), settings: settings)
        return try await start(launch, watcher: nil)
    }

    /// Starts a server with no data in a temporary folder. Both end with this process, however it ends.
    package static func startTemporary(settings: PostgresSettings = .disposable) async throws -> PostgresServer {
        let path = try TemporaryFolder.make(for: Account.toRun(dataOwner: nil))
        let launch = try await Launch(in: ServerFolder(preparing: path), settings: settings)
        let watcher = try await Watcher(folder: path, programs: launch.programs)
        do {
            return try await start(launch, watcher: watcher)
        } catch {
            await watcher.release()
            throw error
        }
    }

    /// Throws what `start` would, should the server's user be unable to enter a folder above `folder`.
    package static func check(_ folder: FilePath) throws(EmbeddedPostgresError) {
        try ServerFolder.check(folder)
    }

    private static func start(_ launch: Launch, watcher: Watcher?) async throws -> PostgresServer {
        let postmaster = try await FolderLock(path: launch.folder.lock)(launch.callAsFunction)
        return PostgresServer(launch: launch, postmaster: postmaster, watcher: watcher)
    }

    /// The server's process.
    package var processIdentifier: Int32 { postmaster.pid }

    /// Where the server keeps its things, symbolic links resolved.
    package var folder: FilePath { launch.folder.path }

    /// A libpq connection URI.
    package func url(database: String, user: String = "postgres") -> String {
        let host = Self.encoded(postmaster.socketFolder.string)
        return "postgresql://\(Self.encoded(user))@/\(Self.encoded(database))?host=\(host)&port=\(postmaster.port)"
    }

    /// Ends sessions and stops the server (`fast` shutdown); a temporary one at once, with its folder. Does nothing
    /// where the server has ended already.
    package func stop() async throws {
        if let watcher {
            await watcher.release()
        } else {
            try await launch.stop(mode: "fast")
        }
    }

    /// Runs statements as the superuser, each in a transaction of its own, and returns what they print: a row a line,
    /// columns separated by `|`.
    @discardableResult
    func run(_ statements: String..., database: String = "postgres") async throws -> String {
        let commands = statements.flatMap { ["-c", $0] }
        return try await launch.programs(
            "psql", ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url(database: database)] + commands)
    }

    private static func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                String(UnicodeScalar(byte))
            default: (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }
}
