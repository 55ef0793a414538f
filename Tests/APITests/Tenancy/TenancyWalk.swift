import Foundation
import TestSupport

/// What must not be.
struct TenancyLeak: Error, CustomStringConvertible {
    let description: String
}

func check(_ holds: Bool, _ what: String = "the reply is not what the model says", line: UInt = #line) throws {
    guard holds else { throw TenancyLeak(description: "\(what) (line \(line))") }
}

/// Sends requests, and compares what comes of them with the model.
final class TenancyWalk {
    static let generators = [
        TenancyRepoRoutes.generators, TenancyTenantRoutes.generators, TenancySecretRoutes.generators,
        TenancyAccountRoutes.generators, TenancyAdministrationRoutes.generators, TenancyOpenRoutes.generators,
        TenancyFleetRoutes.generators,
    ].reduce(into: [String: TenancyGenerator]()) { $0.merge($1) { first, _ in first } }

    /// Routes that make a key pair, which takes some hundred milliseconds.
    private static let slow: Set<String> = ["POST /api/repos/{owner}/{name}", "POST /api/repos/{owner}/{name}/key"]
    /// Requests between two looks at the database.
    private static let batch = 10
    /// Changes in a batch: with more, few owners would be left that must not have changed.
    private static let changes = 2

    let world: TenancyWorld
    private let routes = generators.keys.sorted()
    private var log: [String] = []
    /// How often each status was answered.
    private(set) var answers: [Int: Int] = [:]
    /// Requests that were sent once more about what is not there.
    private(set) var pairs = 0

    init(_ world: TenancyWorld) {
        self.world = world
    }

    func send(_ count: Int) async throws {
        var before = try await TenancyPrint.take(world.server.database)
        for _ in 0..<(count / Self.batch) {
            log = []
            world.touched = []
            try await sendBatch()
            let after = try await TenancyPrint.take(world.server.database)
            let others = after.changes(since: before).subtracting(world.touched)
            try check(others.isEmpty, "rows of \(others) were changed by one of\n\(log.joined(separator: "\n"))")
            before = try await world.replenish() ? TenancyPrint.take(world.server.database) : after
        }
    }

    private func sendBatch() async throws {
        var sent = 0
        var changes = 0
        while sent < Self.batch {
            guard let route = world.dice.pick(routes), let generator = Self.generators[route] else { continue }
            if Self.slow.contains(route), !world.dice.once(in: 6) { continue }
            let ask = try await generator(world)
            if ask.isAllowed, !ask.touched.isEmpty {
                if changes == Self.changes { continue }
                changes += 1
            }
            try await send(ask, to: route)
            sent += 1
        }
    }

    private func send(_ ask: TenancyAsk, to route: String) async throws {
        let visible = world.model.visibleMarkers(ask.sender).union(ask.alsoVisible)
        let hidden = world.markers.subtracting(visible)
        let reply = try await request(ask, route)
        log.append("\(route) \(ask.values) \(ask.query) \(ask.json ?? "") by \(ask.sender): \(reply.status)")
        answers[reply.status, default: 0] += 1
        do {
            try check(ask.expected.contains(reply.status), "\(reply.status) instead of \(ask.expected.sorted())")
            let seen = reply.markers(except: ask.words(route))
            try check(seen.isDisjoint(with: hidden), "the reply shows \(seen.intersection(hidden))")
            if let twin = ask.twin { try compare(reply, twin, try await request(ask.replacing(twin), route)) }
            guard reply.status < 300 else { return }
            world.touched.formUnion(ask.touched)
            try await ask.after?(world, reply)
        } catch let error as TenancyLeak {
            throw TenancyLeak(description: "\(error)\n\(log.last ?? "")\n\(reply.text)")
        }
    }

    private func request(_ ask: TenancyAsk, _ route: String) async throws -> TestReply {
        let words = route.split(separator: " ").map(String.init)
        // Those without an end.
        if words[1] == "/api/stream/{owner}/{name}" || words[1].hasSuffix("/events") {
            return try await world.server.beginning(ask.path(words[1]) + ask.query, token: ask.sender.text)
        }
        return try await world.server.request(
            words[0], ask.path(words[1]) + ask.query, token: ask.sender.text, json: ask.json, headers: ask.headers,
            body: ask.body)
    }

    private func compare(_ reply: TestReply, _ twin: TenancyAsk.Twin, _ other: TestReply) throws {
        try check(reply.status == other.status, "what is absent is answered \(other.status)")
        pairs += 1
        let sameLength = twin.name.count == twin.absent.count
        try check(
            reply.comparableHeaders(length: sameLength) == other.comparableHeaders(length: sameLength),
            "what is absent is answered with \(other.headers)")
        // Messages name a tenant without its forge.
        let (absent, name) = (twin.absent.afterForge, twin.name.afterForge)
        let text = other.comparableText.replacingOccurrences(of: absent, with: name)
        try check(reply.comparableText == text, "what is absent is answered \(other.text)")
    }
}

extension String {
    fileprivate var afterForge: String { split(separator: ":").last.map(String.init) ?? self }
}
