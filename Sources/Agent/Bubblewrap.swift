import FoundationEssentials
import SystemPackage

/// A sandbox for one step: its own processes, a read-only system, its workspace and nothing else of the host's files.
///
/// It shares the host's network unless `network` is false. `/tmp` is a folder of the workspace's disk, not memory.
struct Bubblewrap: Sendable {
    /// Of `/etc`, only what programs need: an agent's token may well lie there.
    private static let settings = [
        "alternatives", "ca-certificates", "crypto-policies", "group", "host.conf", "hosts", "ld.so.cache",
        "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "nsswitch.conf", "passwd", "pki", "protocols",
        "resolv.conf", "services", "ssl", "timezone",
    ]
    private static let systemFolders = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"]

    let program: String
    /// Nil when the agent is not root: jobs then run as its own user, in a user namespace.
    let user: UInt32?
    let readable: [String]
    let network: Bool

    /// The arguments that run a shell script of the folder `control` in the sandbox.
    func command(script: String, control: String, workspace: Workspace) -> [String] {
        [program] + isolation + system + folders(of: workspace, control: control)
            + ["--remount-ro", "/", "--chdir", Workspace.Inside.source, "--clearenv"]
            + ["--setenv", "PATH", Tool.standardPath, "--"]
            + privileges + ["/bin/sh", "\(Workspace.Inside.control)/\(script)"]
    }

    private var isolation: [String] {
        // `--die-with-parent` heeds the thread that started it: the supervisor has only one.
        [
            "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--die-with-parent",
            "--new-session",
        ]
            + (user == nil ? ["--unshare-user"] : [])
            + (network ? [] : ["--unshare-net"])
    }

    private var system: [String] {
        let links = Self.systemFolders.flatMap { name -> [String] in
            guard let target = Self.link(at: "/\(name)") else { return ["--ro-bind-try", "/\(name)", "/\(name)"] }
            return ["--symlink", target, "/\(name)"]
        }
        return ["--ro-bind", "/usr", "/usr"] + links + folder("/etc")
            + Self.settings.flatMap { ["--ro-bind-try", "/etc/\($0)", "/etc/\($0)"] }
            + readable.flatMap { parents(of: $0) + ["--ro-bind-try", $0, $0] }
            + ["--proc", "/proc", "--dev", "/dev"]
    }

    private func folders(of workspace: Workspace, control: String) -> [String] {
        folder("/skep") + [
            "--bind", workspace.source, Workspace.Inside.source, "--bind", workspace.home, Workspace.Inside.home,
        ]
            + ["--ro-bind", control, Workspace.Inside.control, "--bind", workspace.temporary, "/tmp"]
    }

    /// Root gives up being root inside, where no job can reach yet: outside, the job's user may not enter the agent's
    /// folder.
    private var privileges: [String] {
        guard let user else { return [] }
        return [
            "setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all",
            "--",
        ]
    }

    /// Made by itself a folder in between would be closed to all but root.
    private func folder(_ path: String) -> [String] {
        ["--perms", "0755", "--dir", path]
    }

    private func parents(of path: String) -> [String] {
        var parent = FilePath(path).removingLastComponent()
        var folders: [String] = []
        while !parent.components.isEmpty {
            folders = folder(parent.string) + folders
            parent.removeLastComponent()
        }
        return folders
    }

    private static func link(at path: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    }
}
