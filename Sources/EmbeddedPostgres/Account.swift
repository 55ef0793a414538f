import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage

/// The system user that the server runs as. PostgreSQL refuses to run as root.
struct Account: Sendable, Hashable {
    let name: String
    let user: uid_t
    let group: gid_t

    static var isRoot: Bool { geteuid() == 0 }

    /// Ourselves. As root: the owner of the data that are already there, else `postgres`, else `nobody`.
    static func toRun(dataOwner: uid_t?) throws(EmbeddedPostgresError) -> Account {
        guard isRoot else { return of(user: geteuid()) }
        if let dataOwner, dataOwner != 0 { return of(user: dataOwner) }
        if let account = named("postgres") ?? named("nobody") { return account }
        throw EmbeddedPostgresError(
            .noUser,
            "PostgreSQL refuses to run as root, and there is neither a user 'postgres' nor 'nobody' to run it as")
    }

    /// How to run a program as this user, with no other group; as root by way of setpriv(1).
    ///
    /// Not by `PlatformOptions.userID`: with it the child of a clone3(2) calls glibc's setuid, which waits for ever for
    /// a lock of the thread list, should another thread have held that at the moment of the clone.
    func configuration(
        _ program: FilePath, _ arguments: [String], options: PlatformOptions = PlatformOptions()
    ) -> Configuration {
        let changing = ["--reuid=\(user)", "--regid=\(group)", "--clear-groups", "--", program.string]
        return Configuration(
            executable: Self.isRoot ? .name("setpriv") : .path(program),
            arguments: Arguments(Self.isRoot ? changing + arguments : arguments),
            environment: Self.environment, workingDirectory: "/", platformOptions: options)
    }

    /// Ours without what libpq and the server would read as settings (`PGPORT`, `PGOPTIONS`, …), in plain English.
    private static let environment: Environment = {
        let names = ProcessInfo.processInfo.environment.keys.filter { $0.hasPrefix("PG") }
        var changes: [Environment.Key: String?] = ["LC_ALL": "C.UTF-8"]
        for name in names.compactMap(Environment.Key.init(rawValue:)) {
            changes.updateValue(nil, forKey: name)
        }
        return .inherit.updating(changes)
    }()

    private static func of(user: uid_t) -> Account {
        entry { getpwuid_r(user, $0, $1, $2, $3) } ?? Account(name: "\(user)", user: user, group: getegid())
    }

    private static func named(_ name: String) -> Account? {
        entry { getpwnam_r(name, $0, $1, $2, $3) }
    }

    private typealias Lookup = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> CInt

    private static func entry(_ look: Lookup) -> Account? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { strings in
            guard let start = strings.baseAddress else { return nil }
            var record = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard look(&record, start, strings.count, &found) == 0, let found = found?.pointee else { return nil }
            return Account(name: String(cString: found.pw_name), user: found.pw_uid, group: found.pw_gid)
        }
    }
}
