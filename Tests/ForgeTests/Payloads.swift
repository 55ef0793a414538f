import Foundation
import Testing

@testable import Forge

/// Real bodies of hooks beside the project, `../shared/payloads`, and what each is to give.
enum Payloads {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/payloads")

    static var isThere: Bool { FileManager.default.fileExists(atPath: folder.path + "/expected.json") }

    struct Expected: Decodable, Sendable {
        var outcome: String
        var reason: String?
        var build: [String: Field]?
        var event: String

        enum CodingKeys: String, CodingKey {
            case outcome, reason, build
            case event = "event_header"
        }
    }

    /// A text, or `true` and `false`.
    struct Field: Decodable, Sendable, Hashable {
        var text: String

        init(text: String) { self.text = text }

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            text = try (try? value.decode(Bool.self)).map { "\($0)" } ?? value.decode(String.self)
        }
    }

    private struct Note: Decodable {
        var field: String?
        var files: [String]?
        var either: [Field]?
    }

    /// What each file gives, by its name.
    static func expected() throws -> [(name: String, expected: Expected)] {
        let data = try Data(contentsOf: folder.appendingPathComponent("expected.json"))
        let whole = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        return try whole.keys.filter { $0 != "_notes" }.sorted().map { name in
            let entry = try JSONSerialization.data(withJSONObject: try #require(whole[name]))
            return (name, try JSONDecoder().decode(Expected.self, from: entry))
        }
    }

    /// All that is right for a field of a file, where there is more than one.
    static func choices() throws -> [String: Set<String>] {
        struct Notes: Decodable { var _notes: [Note] }
        let data = try Data(contentsOf: folder.appendingPathComponent("expected.json"))
        var choices: [String: Set<String>] = [:]
        for note in try JSONDecoder().decode(Notes.self, from: data)._notes {
            guard let field = note.field, let either = note.either else { continue }
            for file in note.files ?? [] { choices["\(file) \(field)"] = Set(either.map(\.text)) }
        }
        return choices
    }

    private struct Recorded: Decodable {
        var path: String
        var headers: [[String]]
        var body: Data

        enum CodingKeys: String, CodingKey {
            case path, headers
            case body = "body_base64"
        }
    }

    /// A recorded delivery, and the secret it was signed with.
    static func recorded(_ name: String) throws -> (request: HookRequest, secret: String) {
        let recorded = try JSONDecoder().decode(
            Recorded.self, from: try Data(contentsOf: folder.appendingPathComponent(name)))
        let request = HookRequest(headers: recorded.headers.map { ($0[0], $0[1]) }, body: Array(recorded.body))
        return (request, recorded.path == "/fail/500" ? "x" : "s3cret-value")
    }

    /// A body without headers, as the forge whose folder it is in would send it.
    static func request(_ name: String, event: String) throws -> HookRequest {
        let body = Array(try Data(contentsOf: folder.appendingPathComponent(name)))
        let family = name.hasPrefix("forgejo/") ? "Forgejo" : name.hasPrefix("gitea/") ? "Gitea" : "GitHub"
        let headers =
            name.hasPrefix("gitlab/")
            ? [("X-Gitlab-Event", event), ("Idempotency-Key", "d-1")]
            : [("X-\(family)-Event", event), ("X-\(family)-Delivery", "d-1")]
        return HookRequest(headers: headers, body: body)
    }
}
