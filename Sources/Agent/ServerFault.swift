import AgentProtocol

/// What a call to the server can end in besides its reply.
enum ServerFault: Error, Equatable {
    /// The attempt is over for this agent: stop it and send nothing more of it.
    case stale
    /// The server has this much of the log, which is not what the call assumed.
    case logSize(Int64)
    case unauthorized
    case versionRefused(String)
    /// The server will not take this however often it is sent.
    case rejected(status: Int, message: String)
    /// No reply, or one that says to come back later.
    case unavailable(String)

    var isTemporary: Bool {
        switch self {
        case .unavailable, .unauthorized: true
        case .stale, .logSize, .versionRefused, .rejected: false
        }
    }

    /// What a reply that is not a success means.
    init(_ reply: ServerReply) {
        switch reply.status {
        case 401: self = .unauthorized
        // An attempt that is gone, with its repository perhaps; from a proxy without its server it says nothing.
        case 404: self = Self.refusal(in: reply) != nil ? .stale : .unavailable("status 404")
        case 409: self.init(conflict: reply)
        case 426: self = .versionRefused(Self.message(of: reply))
        case 408, 425, 429, 500...: self = .unavailable("status \(reply.status): \(Self.message(of: reply))")
        default: self = .rejected(status: reply.status, message: Self.message(of: reply))
        }
    }

    private init(conflict reply: ServerReply) {
        guard let conflict = try? Wire.decode(Conflict.self, from: reply.body) else {
            self = .rejected(status: reply.status, message: Self.message(of: reply))
            return
        }
        self = conflict.stale ? .stale : .logSize(conflict.logSize)
    }

    private struct Refusal: Decodable {
        var message: String
    }

    private static func message(of reply: ServerReply) -> String {
        refusal(in: reply)?.message ?? String(decoding: reply.body.prefix(200), as: UTF8.self)
    }

    private static func refusal(in reply: ServerReply) -> Refusal? {
        try? Wire.decode(Refusal.self, from: reply.body)
    }
}
