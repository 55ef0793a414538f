import FoundationEssentials
import Subprocess
import SystemPackage

/// The folder with PostgreSQL's programs.
struct Binaries: Sendable {
    let folder: FilePath

    func program(_ name: String) -> FilePath { folder.appending(name) }

    /// Looks in `$SKEP_POSTGRES_BIN` (and then nowhere else), `pg_config --bindir`, Debian's
    /// `/usr/lib/postgresql/*/bin`, newest first, and `PATH`.
    ///
    /// - Parameter major: the version that made the data, such as `15`; nil for new data.
    static func find(major: String?) async throws -> Binaries {
        let candidates = try await candidates()
        guard let newest = candidates.first else { throw notInstalled }
        guard let major else { return newest }
        var versions: Set<String> = []
        for candidate in candidates {
            let version = try await candidate.major()
            if version == major { return candidate }
            versions.insert(version)
        }
        throw EmbeddedPostgresError(
            .otherVersion,
            """
            the data were made by PostgreSQL \(major), and only \(versions.sorted().joined(separator: ", ")) is installed; \
            install it (apt-get install postgresql-\(major)) or set SKEP_POSTGRES_BIN to the folder of its programs
            """)
    }

    private static let notInstalled = EmbeddedPostgresError(
        .notInstalled,
        """
        no PostgreSQL server is installed; install it (apt-get install postgresql) \
        or set SKEP_POSTGRES_BIN to the folder with initdb, pg_ctl and postgres
        """)

    private static func candidates() async throws -> [Binaries] {
        let environment = ProcessInfo.processInfo.environment
        if let chosen = environment["SKEP_POSTGRES_BIN"], !chosen.isEmpty {
            let binaries = Binaries(folder: FilePath(chosen))
            guard binaries.areComplete else {
                throw EmbeddedPostgresError(
                    .notInstalled, "SKEP_POSTGRES_BIN is \(chosen), which lacks initdb, pg_ctl, postgres or psql")
            }
            return [binaries]
        }
        let path = (environment["PATH"] ?? "").split(separator: ":").map { FilePath(String($0)) }
        let folders = await configured() + debian() + path
        return folders.map(Binaries.init).filter(\.areComplete)
    }

    private var areComplete: Bool {
        ["initdb", "pg_ctl", "postgres", "psql"].allSatisfy { program($0).isExecutable }
    }

    /// `pg_config` comes with libpq-dev, so it may name a folder that has no server.
    private static func configured() async -> [FilePath] {
        let result = try? await run(
            .name("pg_config"), arguments: ["--bindir"], output: .string(limit: 4096), error: .discarded)
        guard let output = result?.standardOutput, let line = output.split(whereSeparator: \.isNewline).first else {
            return []
        }
        return [FilePath(String(line))]
    }

    private static func debian() -> [FilePath] {
        let versions = FilePath("/usr/lib/postgresql")
        return versions.entries.compactMap(Int.init).sorted(by: >).map { versions.appending("\($0)").appending("bin") }
    }

    /// `postgres (PostgreSQL) 15.16 (Debian 15.16-0+deb12u1)` gives `15`.
    private func major() async throws -> String {
        let result = try await run(
            .path(program("postgres")), arguments: ["--version"], output: .string(limit: 4096), error: .discarded)
        let number = result.standardOutput.split(separator: " ").dropFirst(2).first ?? ""
        return String(number.prefix { $0.isNumber })
    }
}
