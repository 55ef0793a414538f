import Glibc
import SystemPackage

/// Brings the server of one folder up. Only one process at a time does so, see `FolderLock`.
struct Launch: Sendable {
    let folder: ServerFolder
    let programs: Programs
    let settings: PostgresSettings

    init(in folder: ServerFolder, settings: PostgresSettings) async throws {
        let major = folder.data.appending("PG_VERSION").text()?.split(whereSeparator: \.isNewline).first.map(
            String.init)
        self.folder = folder
        self.settings = settings
        programs = Programs(binaries: try await Binaries.find(major: major), account: folder.account)
    }

    /// The server that runs already, else a new one, on new data if there are none.
    func callAsFunction() async throws -> Postmaster {
        if let running = try await adopted() { return running }
        if !folder.data.exists { try await initialise() }
        try await clearAway()
        return try await started()
    }

    /// After a server that was killed: a child of it may live on with its query, and no new server starts before that.
    private func clearAway() async throws {
        Postmaster.forget(in: folder.data, socketFolder: folder.socket)
        let deadline = ContinuousClock.now + .seconds(10)
        while Postmaster.endOrphans(in: folder.data) && ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// The server that an earlier process of ours left behind, once it answers. One that is stopping is waited for;
    /// one whose socket was removed, or that does not answer in 60 s, is stopped.
    private func adopted() async throws -> Postmaster? {
        let deadline = ContinuousClock.now + .seconds(60)
        while let postmaster = Postmaster(data: folder.data), postmaster.isAlive(in: folder.data) {
            if postmaster.isReady && postmaster.answers { return postmaster }
            let hasNoSocket = postmaster.isReady && !postmaster.socket.exists
            if hasNoSocket || ContinuousClock.now > deadline { try await stop(mode: "fast") }
            try await Task.sleep(for: .milliseconds(20))
        }
        return nil
    }

    /// Renames at the end: a kill midway leaves nothing that looks like data.
    private func initialise() async throws {
        try await programs.remove(folder.unfinishedData)
        try await programs(
            "initdb",
            [
                "-D", folder.unfinishedData.string, "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8",
                "--auth-local=trust", "--auth-host=reject",
            ] + (settings.values["fsync"] == "off" ? ["--no-sync"] : []))
        guard rename(folder.unfinishedData.string, folder.data.string) == 0 else {
            throw ServerFolder.unusable(folder.data, Errno(rawValue: errno))
        }
    }

    private func started() async throws -> Postmaster {
        var all = settings
        all.values["listen_addresses"] = ""
        all.values["port"] = Postmaster.port
        all.values["unix_socket_directories"] = try socketFolder().string
        all.values["unix_socket_permissions"] = "0700"
        let arguments = [
            "start", "-s", "-w", "-t", "60", "-D", folder.data.string, "-l", folder.log.string,
            "-o", all.shellArguments,
        ]
        do {
            try await programs("pg_ctl", arguments)
        } catch let error as EmbeddedPostgresError {
            let lines = (folder.log.text(last: 4000) ?? "").split(separator: "\n").suffix(5)
            throw EmbeddedPostgresError(
                error.code, "\(error.message)\nThe end of \(folder.log):\n\(lines.joined(separator: "\n"))")
        }
        guard let postmaster = Postmaster(data: folder.data) else {
            throw EmbeddedPostgresError(.failedProgram, "PostgreSQL ended right after its start; see \(folder.log)")
        }
        return postmaster
    }

    /// A socket's path has at most 107 bytes (unix(7)), so a deep folder gets a short one elsewhere for it.
    private func socketFolder() throws(EmbeddedPostgresError) -> FilePath {
        guard folder.socket.appending(Postmaster.socketName(Postmaster.port)).string.utf8.count <= 107 else {
            return try TemporaryFolder.make(in: "/tmp", for: folder.account)
        }
        try ServerFolder.makeFolder(folder.socket, for: folder.account)
        return folder.socket
    }

    /// Does nothing if no server runs.
    func stop(mode: String) async throws {
        guard let postmaster = Postmaster(data: folder.data), postmaster.isAlive(in: folder.data) else { return }
        try await programs("pg_ctl", ["stop", "-s", "-w", "-t", "60", "-m", mode, "-D", folder.data.string])
        if postmaster.socketFolder.removingLastComponent() != folder.path {
            try await programs.remove(postmaster.socketFolder)
        }
    }
}
