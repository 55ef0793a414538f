import FoundationEssentials

/// What a container engine refused, in its own words.
struct EngineFault: Error, Sendable, CustomStringConvertible {
    var status: Int
    var message: String

    /// What was asked for is not there.
    var isMissing: Bool { status == 404 }
    /// What was asked for is under way, or done already.
    var isConflict: Bool { status == 409 }

    var description: String { message }

    init(status: Int, body: [UInt8]) {
        self.status = status
        let refusal = try? JSONDecoder().decode(Refusal.self, from: Data(body))
        message = refusal?.message ?? "status \(status): \(String(decoding: body.prefix(300), as: UTF8.self))"
    }

    private struct Refusal: Decodable {
        var message: String
    }
}
