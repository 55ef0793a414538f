/// A version of the Engine API, `1.41`.
struct EngineVersion: Sendable, Hashable, Comparable, LosslessStringConvertible {
    var major: Int
    var minor: Int

    /// What is written here was written for: Docker 20.10 and podman 4.
    static let preferred = EngineVersion(major: 1, minor: 41)

    init(major: Int, minor: Int) {
        self.major = major
        self.minor = minor
    }

    init?(_ description: String) {
        let parts = description.split(separator: ".").map { Int($0) }
        guard parts.count == 2, let major = parts[0], let minor = parts[1] else { return nil }
        self.init(major: major, minor: minor)
    }

    var description: String { "\(major).\(minor)" }

    static func < (left: EngineVersion, right: EngineVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    /// The version to speak with an engine: the preferred one, or the oldest that a newer engine still takes. nil when
    /// the engine is too old.
    static func choose(newest: EngineVersion, oldest: EngineVersion) -> EngineVersion? {
        newest < preferred ? nil : max(preferred, oldest)
    }
}

/// The reply to `GET /version`.
struct EngineAbout: Sendable, Decodable {
    var version: String
    var newest: String
    /// Some engines leave it out.
    var oldest: String?

    enum CodingKeys: String, CodingKey {
        case version = "Version"
        case newest = "ApiVersion"
        case oldest = "MinAPIVersion"
    }

    /// podman says the oldest version of its own API here, which begins with 4.
    var oldestVersion: EngineVersion {
        guard let oldest = oldest.flatMap(EngineVersion.init), oldest.major == 1 else { return .preferred }
        return oldest
    }
}
