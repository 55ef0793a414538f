import FoundationEssentials

/// `skep/hook.json` in a bare repository, mode 0600: where its pushes go, and what signs them.
struct HookConfiguration: Codable, Sendable {
    /// `owner/name` as it was activated.
    var repository: String
    var url: String
    var secret: String

    static func read(in gitDir: String) throws(ForgeError) -> HookConfiguration {
        let bytes = try Files.read(path(in: gitDir), atMost: 1 << 16)
        do {
            return try JSONDecoder().decode(Self.self, from: Data(bytes))
        } catch {
            throw ForgeError(.broken, "skep/hook.json cannot be read", detail: "\(gitDir)")
        }
    }

    func write(in gitDir: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try Files.write(Array(encoder.encode(self)), to: Self.path(in: gitDir), mode: 0o600)
    }

    private static func path(in gitDir: String) -> String { "\(gitDir)/skep/hook.json" }
}
