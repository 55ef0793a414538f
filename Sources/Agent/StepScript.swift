import Core
import FoundationEssentials

/// A step as two shell scripts: `start` sets the environment and becomes `commands`.
///
/// The environment is set in there, by the job's own user, because the programs in front of the shell (bubblewrap,
/// setpriv) may run as root: `LD_PRELOAD` in a `.drone.yml` would be code in them. Arguments would show it to the whole
/// host.
struct StepScript {
    /// Becomes the second script, `/bin/sh -e commandsPath`.
    let start: String
    let commands: String

    init(commands list: [String], environment: Variables, commandsPath: String) {
        // `command` keeps a shell alive that refuses a name of its own (UID, OPTIND).
        let exports = environment.filter { Self.isName($0.name) }.map {
            "command export \($0.name)=\(Self.quote($0.value)) 2>/dev/null\n"
        }
        start = exports.joined() + "exec /bin/sh -e \(Self.quote(commandsPath))\n"
        // The commands stand there as written, not behind `eval`: `-e` would end the shell at `eval 'false && true'`.
        // The empty line keeps a backslash at a command's end from reaching the next line.
        commands = list.map { "command printf '%s\\n' \(Self.quote("+ " + Self.shown($0)))\n\(Self.clean($0))\n\n" }
            .joined()
    }

    /// Writes `start` and `commands` to a folder that is closed to others from above.
    func write(to folder: String) throws {
        for (name, text) in [("start", start), ("commands", commands)] {
            let path = "\(folder)/\(name)"
            try Data(text.utf8).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        }
    }

    /// As the log shows it: without line ends at the end.
    private static func shown(_ command: String) -> String {
        var command = command[...]
        while command.last?.isNewline == true { command.removeLast() }
        return String(command)
    }

    /// A shell passes on no other names.
    private static func isName(_ text: String) -> Bool {
        let bytes = text.utf8
        guard let first = bytes.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"): true
            default: false
            }
        }
    }

    private static func quote(_ text: String) -> String {
        "'" + clean(text).split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }

    /// Without NUL, which a script cannot hold.
    private static func clean(_ text: String) -> String {
        String(text.unicodeScalars.filter { $0 != "\0" })
    }
}
