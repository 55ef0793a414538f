import FoundationEssentials
import SystemPackage

/// What an agent's containers are known by after it was killed: a name that stays with its folder.
enum AgentIdentity {
    /// nil: no agent with containers has used the folder.
    static func existing(in folder: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path(folder)) else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        return text.isEmpty ? nil : text
    }

    /// The folder's name, made when it has none.
    static func establish(in folder: String) throws -> String {
        if let existing = existing(in: folder) { return existing }
        let name = UInt64.random(in: 1...UInt64.max)
        let text = String(repeating: "0", count: name.leadingZeroBitCount / 4) + String(name, radix: 16)
        do {
            // In one go: half a name would be another's.
            try Data(text.utf8).write(to: URL(filePath: path(folder)), options: .atomic)
        } catch {
            throw AgentError(.folderUnusable, "cannot write \(path(folder)): \(error)")
        }
        return text
    }

    private static func path(_ folder: String) -> String { folder + "/identity" }
}
