import Core
import FoundationEssentials

/// The body of a hook request of the plain-git forge.
struct PushPayload: Codable, Sendable {
    var repository: Repository
    var refs: [Ref]
    var pushedAt: Date?

    struct Repository: Codable, Sendable {
        var fullName: String

        enum CodingKeys: String, CodingKey {
            case fullName = "full_name"
        }
    }

    /// Object names as git gives them: all zeros, or absent, for a ref that was not or is no more.
    struct Ref: Codable, Sendable {
        var ref: String
        var before: String?
        var after: String?
    }

    enum CodingKeys: String, CodingKey {
        case repository
        case refs
        case pushedAt = "pushed_at"
    }

    /// The bytes that are signed and sent.
    func encoded() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return try Array(encoder.encode(self))
    }

    static func decode<Part: Decodable>(_ type: Part.Type, from body: [UInt8]) throws(HookError) -> Part {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try decoder.decode(type, fromHook: body)
    }
}

/// Only the part of a body that names the repository.
struct PushedRepository: Decodable {
    var repository: PushPayload.Repository
}

extension PushPayload.Ref {
    /// nil for what is neither a branch nor a tag, or did not move.
    func change() throws(HookError) -> RefChange? {
        let before = try ObjectName.read(before)
        let after = try ObjectName.read(after)
        let isBuilt = ref.hasPrefix("refs/heads/") || ref.hasPrefix("refs/tags/")
        return isBuilt && before != after ? RefChange(ref: ref, before: before, after: after) : nil
    }
}
