package import Core
package import FoundationEssentials
import Postgres

/// A delivery to handle.
package struct WaitingDelivery: Sendable {
    package var id: Int64
    package var day: Date
    package var key: String
    package var event: String
    /// Headers that tell how to read the body.
    package var headers: [(name: String, value: String)]
    /// How often handling it was tried.
    package var tries: Int
    package var body: [UInt8]
    package var receivedAt: Date
}

/// A delivery to store.
package struct NewDelivery: Sendable {
    package var repoID: Int64
    /// The forge's id of it, or one of ours: the same for a repeated delivery.
    package var key: String
    package var event: String
    /// Headers that tell how to read the body.
    package var headers: Variables
    package var body: [UInt8]

    package init(repoID: Int64, key: String, event: String, headers: Variables, body: [UInt8]) {
        self.repoID = repoID
        self.key = key
        self.event = event
        self.headers = headers
        self.body = body
    }
}

/// A delivery that is stored.
package struct ReceivedDelivery: Sendable, Hashable {
    package var id: Int64
    /// False: it was stored before.
    package var isNew: Bool
}

/// The right to handle a repository's deliveries.
package struct IntakeLease: Sendable {
    package var repoID: Int64
    package var lease: Int64
    package var wanted: Int64
    /// Failures in a row.
    package var tries: Int
}

/// What became of a delivery.
package enum DeliveryOutcome: Sendable, Hashable {
    /// Numbers of the builds it made.
    case built([Int64])
    case ignored(reason: String)
    case failed(reason: String)

    var name: String {
        switch self {
        case .built: "built"
        case .ignored: "ignored"
        case .failed: "failed"
        }
    }

    var reason: String {
        switch self {
        case .built: ""
        case .ignored(let reason), .failed(let reason): reason
        }
    }

    var builds: [Int64] {
        if case .built(let numbers) = self { numbers } else { [] }
    }
}

extension Store {
    /// Stores a delivery once: see `receiveDeliveries`.
    package func receiveDelivery(repoID: Int64, key: String, event: String, headers: Variables, body: [UInt8])
        async throws -> ReceivedDelivery
    {
        let delivery = NewDelivery(repoID: repoID, key: key, event: event, headers: headers, body: body)
        return try await receiveDeliveries([delivery])[0]
    }

    /// Stores deliveries once, each with another repository or key: all of them or none. With a key that is known, the answer has
    /// the first delivery's id.
    package func receiveDeliveries(_ deliveries: [NewDelivery]) async throws -> [ReceivedDelivery] {
        var bodies: [UInt8] = []
        bodies.reserveCapacity(deliveries.reduce(0) { $0 + $1.body.count })
        let skipped = deliveries.map { delivery in
            defer { bodies += delivery.body }
            return bodies.count
        }
        let parameters: [Parameter] = [
            .ints(deliveries.map(\.repoID)), .texts(deliveries.map(\.key)), .texts(deliveries.map(\.event)),
            .texts(deliveries.map(\.headers.json)), .ints(skipped), .ints(deliveries.map(\.body.count)), .bytes(bodies),
        ]
        // The statement sees nothing where the same key was being inserted by another: then that one has committed since. What
        // it has stored itself is known the second time, and new all the same.
        var isNew = Array(repeating: false, count: deliveries.count)
        for _ in 0..<3 {
            var received: [ReceivedDelivery] = []
            for row in try await session.query(.receive, parameters) {
                var columns = row.columns
                let place = Int(try columns.next(Int64.self)) - 1
                let id: Int64? = try columns.next()
                if try columns.next() { isNew[place] = true }
                if let id { received.append(ReceivedDelivery(id: id, isNew: isNew[place])) }
            }
            if received.count == deliveries.count { return received }
        }
        throw AccessError.notFound("The repository is gone.")
    }

    /// Takes a repository with deliveries to handle, for `seconds`. nil: there is none.
    package func claimIntake(seconds: Int) async throws -> IntakeLease? {
        guard let row = try await session.first(.claim, [.int(seconds)]) else { return nil }
        var columns = row.columns
        return IntakeLease(
            repoID: try columns.next(), lease: try columns.next(), wanted: try columns.next(), tries: try columns.next()
        )
    }

    /// The repository's oldest deliveries without an outcome, in order.
    package func waitingDeliveries(repoID: Int64, limit: Int) async throws -> [WaitingDelivery] {
        try await session.query(.waiting, [.int(repoID), .int(limit)]).map { row in
            var columns = row.columns
            let id: Int64 = try columns.next()
            let day: Date = try columns.next()
            let key: String = try columns.next()
            let event: String = try columns.next()
            let names: [String] = try columns.next()
            let headers = Array(zip(names, try columns.next([String].self))).map { (name: $0.0, value: $0.1) }
            return WaitingDelivery(
                id: id, day: day, key: key, event: event, headers: headers, tries: try columns.next(),
                body: try columns.next(), receivedAt: try columns.next())
        }
    }

    /// In a transaction: locks the lease and prolongs it to `seconds` from now. False: another worker has it.
    package func holdIntake(_ lease: IntakeLease, seconds: Int) async throws -> Bool {
        try await session.execute(.hold, [.int(lease.repoID), .int(lease.lease), .int(seconds)]) > 0
    }

    /// False: it has an outcome already.
    package func finishDelivery(_ delivery: WaitingDelivery, _ outcome: DeliveryOutcome) async throws -> Bool {
        try await finishDeliveries([(delivery, outcome)])
    }

    /// False: some of them have an outcome already.
    package func finishDeliveries(_ outcomes: [(delivery: WaitingDelivery, outcome: DeliveryOutcome)]) async throws
        -> Bool
    {
        for (day, all) in Dictionary(grouping: outcomes, by: \.delivery.day) {
            let parameters: [Parameter] = [
                .timestamp(day), .ints(all.map(\.delivery.id)), .texts(all.map(\.outcome.name)),
                .texts(all.map(\.outcome.reason)),
                .texts(all.map { "{\($0.outcome.builds.map { "\($0)" }.joined(separator: ","))}" }),
            ]
            guard try await session.execute(.finish, parameters) == all.count else { return false }
        }
        return true
    }

    package func countTry(_ delivery: WaitingDelivery) async throws {
        _ = try await session.execute(.countTry, [.timestamp(delivery.day), .int(delivery.id)])
    }

    /// Gives the lease back when nothing is left to do. False: more has come since the claim.
    package func closeIntake(_ lease: IntakeLease) async throws -> Bool {
        try await session.execute(.close, [.int(lease.repoID), .int(lease.lease), .int(lease.wanted)]) > 0
    }

    /// Gives the lease back with work left, to be tried in `milliseconds`.
    package func reopenIntake(_ lease: IntakeLease, tries: Int, milliseconds: Int) async throws {
        _ = try await session.execute(
            .reopen, [.int(lease.repoID), .int(lease.lease), .int(tries), .int(milliseconds)])
    }

    /// Whether all deliveries of the repository are handled.
    package func isIntakeIdle(repoID: Int64) async throws -> Bool {
        try await session.first(.isIdle, [.int(repoID)])?.decode(at: 0) ?? true
    }

    /// Forgets delivery ids older than 90 days, a thousand at a time. Answers how many.
    package func forgetDeliveryKeys() async throws -> Int {
        try await session.execute(.forgetKeys, [])
    }
}

extension Statement {
    fileprivate static let receive = Statement(stored: "deliveries.receive")
    fileprivate static let claim = Statement(stored: "deliveries.claim_intake")
    fileprivate static let waiting = Statement(stored: "deliveries.waiting")
    fileprivate static let hold = Statement(stored: "deliveries.hold_intake")
    fileprivate static let finish = Statement(stored: "deliveries.finish")
    fileprivate static let countTry = Statement(stored: "deliveries.count_try")
    fileprivate static let close = Statement(stored: "deliveries.close_intake")
    fileprivate static let reopen = Statement(stored: "deliveries.reopen_intake")
    fileprivate static let isIdle = Statement(stored: "deliveries.is_idle")
    fileprivate static let forgetKeys = Statement(stored: "deliveries.forget_keys")
}
