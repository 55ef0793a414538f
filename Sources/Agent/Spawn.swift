import Glibc

/// Starts a supervised program.
///
/// By posix_spawn and not swift-subprocess, which works with threads of its own: a supervisor must have one only, and
/// has no event loop to wait in.
enum Spawn {
    /// `POSIX_SPAWN_SETSID` of spawn.h, which Swift does not see (it asks for `_GNU_SOURCE`).
    private static let newSession: Int16 = 0x80

    /// In a session of its own, standard input empty, both outputs to `output`, with this process's environment.
    /// Nil, with `errno` set, when it cannot be started.
    static func start(_ command: [String], output: Int32) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        var attributes = attributes()
        defer { posix_spawnattr_destroy(&attributes) }
        let environment = ProcessTable.contents(of: "/proc/self/environ").split(separator: 0).map(Array.init)
        var process: pid_t = 0
        errno = withStrings(command.map { Array($0.utf8) }) { arguments in
            withStrings(environment) { posix_spawnp(&process, command[0], &actions, &attributes, arguments, $0) }
        }
        return errno == 0 ? process : nil
    }

    /// No signal blocked, none ignored: Swift's runtime and this supervisor change both for themselves.
    private static func attributes() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK) | newSession)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        return attributes
    }

    /// `body` sees the strings as `argv` and `envp` are: ended by NUL each, and by a null pointer all.
    private static func withStrings<Result>(
        _ strings: [[UInt8]], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let pointers = strings.map { strdup($0.map(CChar.init(bitPattern:)) + [0]) }
        defer {
            for pointer in pointers { free(pointer) }
        }
        return body(pointers + [nil])
    }
}
