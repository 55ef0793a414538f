package import Core
import Postgres
import Sealing

/// A reply as it is kept for a repeated request.
package struct KeptReply: Sendable, Hashable {
    package var status: Int
    /// Those worth repeating.
    package var headers: Variables
    package var body: [UInt8]

    package init(status: Int, headers: Variables, body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}

/// What is known of an `Idempotency-Key` that a request carries.
package enum KeyOutcome: Sendable {
    /// Nothing: this request is the first.
    case first(KeyClaim)
    /// The reply to the first one.
    case reply(KeptReply)
    /// It was used for another request.
    case otherRequest
    /// The first one is being handled.
    case inProgress
    /// The first one changed what it was to change, and its reply is lost.
    case replyLost
}

/// The claim was given up and another request has the key: what this one changes must not be kept.
package struct ClaimLost: Error {}

extension Store {
    /// Takes the key for a request, by all that makes it the same, or tells what became of the first one.
    package func claimKey(_ key: String, userID: Int64, request: [UInt8]) async throws -> KeyOutcome {
        let prints = keyRing.fingerprints(of: request, context: "idempotency_keys/\(userID)")
        let parameters: [Parameter] = [.int(userID), .text(key), .bytes(prints[0])]
        // No row: the key was being claimed by another, whose row this statement did not see.
        guard let row = try await session.first(.claim, parameters) else { return .inProgress }
        var columns = row.columns
        if let at = try columns.next(Int64?.self) {
            return .first(KeyClaim(userID: userID, key: key, at: at))
        }
        let print: [UInt8]? = try columns.next()
        let isCommitted: Bool? = try columns.next()
        guard let print, prints.contains(print) else { return .otherRequest }
        guard let status = try columns.next(Int?.self) else { return isCommitted == true ? .replyLost : .inProgress }
        var headers = Variables()
        let names: [String] = try columns.next()
        for (name, value) in zip(names, try columns.next([String].self)) { headers[name] = value }
        return .reply(KeptReply(status: status, headers: headers, body: try columns.next([UInt8]?.self) ?? []))
    }

    /// Notes, in the transaction of a change, that it was made. Throws `ClaimLost` where the key has gone to another request.
    func commit(_ claim: KeyClaim, _ reply: KeptReply?) async throws {
        guard try await session.execute(.commit, claim.parameters + (reply?.parameters ?? [.null, .null, .null])) == 1
        else { throw ClaimLost() }
    }

    /// Keeps the reply, if none is kept yet.
    package func finish(_ claim: KeyClaim, _ reply: KeptReply) async throws {
        _ = try await session.execute(.finish, claim.parameters + reply.parameters)
    }

    /// Lets the key be used again, unless something was changed.
    package func release(_ claim: KeyClaim) async throws {
        _ = try await session.execute(.release, claim.parameters)
    }

    /// Lets the key of this request be used again, because what it changed is taken back.
    package func undoClaim() async throws {
        guard let claim = KeyClaim.current else { return }
        _ = try await session.execute(.undo, claim.parameters)
    }

    /// Removes keys after their 24 hours, 1000 at most; answers how many.
    package func forgetKeys() async throws -> Int {
        try await session.execute(.forget, [])
    }
}

extension KeyClaim {
    fileprivate var parameters: [Parameter] { [.int(userID), .text(key), .int(at)] }
}

extension KeptReply {
    fileprivate var parameters: [Parameter] { [.int(status), .json(headers.json), .bytes(body)] }
}

extension Statement {
    fileprivate static let claim = Statement(stored: "idempotency.claim")
    fileprivate static let commit = Statement(stored: "idempotency.commit")
    fileprivate static let finish = Statement(stored: "idempotency.finish")
    fileprivate static let release = Statement(stored: "idempotency.release")
    fileprivate static let undo = Statement(stored: "idempotency.undo")
    fileprivate static let forget = Statement(stored: "idempotency.forget")
}
