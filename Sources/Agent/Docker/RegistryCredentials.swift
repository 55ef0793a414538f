import FoundationEssentials

/// The credentials of registries, from a file as `docker login` writes it.
struct RegistryCredentials: Sendable, Decodable {
    private struct Entry: Decodable {
        /// `USER:PASSWORD` in base64.
        var auth: String?
        var username: String?
        var password: String?
        var identitytoken: String?
    }

    private let auths: [String: Entry]?

    /// - Throws: `AgentError.imageUnavailable` when there is no such file, or it is another kind of file.
    init(file: String) throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: try Data(contentsOf: URL(filePath: file)))
        } catch {
            throw AgentError(
                .imageUnavailable,
                "the registries' credentials in \(file) cannot be read, as `docker login` writes them")
        }
    }

    init(json: [UInt8]) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(json))
    }

    /// The header `X-Registry-Auth` for a registry; nil: there are none for it.
    func header(for registry: String) -> String? {
        guard let entry = (auths ?? [:]).first(where: { Self.host($0.key) == Self.host(registry) })?.value,
            let pair = Self.pair(entry)
        else { return nil }
        let fields = ["username": pair.user, "password": pair.password, "serveraddress": registry].merging(
            entry.identitytoken.map { ["identitytoken": $0] } ?? [:]
        ) { $1 }
        return (try? JSONEncoder().encode(fields)).map { data in
            data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
        }
    }

    private static func pair(_ entry: Entry) -> (user: String, password: String)? {
        if let user = entry.username { return (user, entry.password ?? "") }
        guard let auth = entry.auth, let data = Data(base64Encoded: auth) else {
            return entry.identitytoken.map { _ in ("", "") }
        }
        let parts = String(decoding: data, as: UTF8.self).split(separator: ":", maxSplits: 1)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }

    /// `https://registry.example.com/v1/` and `registry.example.com` are one.
    private static func host(_ name: String) -> Substring {
        let address = name.split(separator: "://", maxSplits: 1).last ?? ""
        return address.prefix { $0 != "/" }
    }
}
