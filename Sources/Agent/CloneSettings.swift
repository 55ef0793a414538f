import AgentProtocol
import Core
import FoundationEssentials

/// git's configuration while it clones: a file, because the git that serves a local remote does not hear of settings given in
/// variables.
///
/// A credential is in a file beside it, which is handed to git by a helper, and only for the remote's own server: never an
/// argument, never in the remote's address, never in the checkout. Both files are gone before the first step.
struct CloneSettings {
    private let instruction: CloneInstruction
    private let folder: String

    init(_ instruction: CloneInstruction, _ workspace: Workspace) {
        self.instruction = instruction
        folder = workspace.control + "/clone"
    }

    var path: String { folder + "/config" }
    private var credentialPath: String { folder + "/credential" }

    func write() throws {
        try Workspace.makeFolder(folder, mode: 0o700)
        var text = "[safe]\n\tdirectory = *\n"
        if let credential = instruction.credential, let server {
            try Data("username=\(Self.line(credential.username))\npassword=\(Self.line(credential.password))\n".utf8)
                .write(
                    to: URL(filePath: credentialPath))
            // An empty helper ends the list of those before.
            let helper = "!f() { test \"$1\" != get || cat '\(credentialPath)'; }; f"
            text += "[credential]\n\thelper =\n[credential \(Self.quoted(server))]\n\thelper = \(Self.quoted(helper))\n"
        }
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    func remove() throws {
        try FileManager.default.removeItem(atPath: folder)
    }

    /// `https://host:port`; nil for what is not reached over HTTP.
    private var server: String? {
        let parts = instruction.remote.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, ["http:", "https:"].contains(parts[0].lowercased()), parts[1].isEmpty else {
            return nil
        }
        let host = parts[2].split(separator: "@").last ?? ""
        return "\(parts[0])//\(host)"
    }

    private static func line(_ text: String) -> String {
        text.filter { !$0.isNewline && $0 != "\0" }
    }

    /// As git reads values of its configuration.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
}
