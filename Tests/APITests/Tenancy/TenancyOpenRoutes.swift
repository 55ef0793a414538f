import AgentProtocol
import Core
import Foundation
import LogStream
import Sealing
import Store
import TestSupport
import Testing

/// Requests for everybody, and those of agents.
enum TenancyOpenRoutes {
    static let generators: [String: TenancyGenerator] = [
        "GET /healthz": { .init(sender: $0.sender(), expected: [200]) },
        "GET /readyz": { .init(sender: $0.sender(), expected: [200]) },
        "GET /version": { .init(sender: $0.sender(), expected: [200]) },
        "GET /openapi.json": { .init(sender: $0.sender(), expected: [200]) },
        "GET /docs": { .init(sender: $0.sender(), expected: [200]) },
        "POST /hook": deliver,
        "POST /api/hook": deliver,
        "POST /agent/v1/claim": claim,
        "POST /agent/v1/attempts/{id}/heartbeat": { try $0.askOfAgent(nil) },
        "POST /agent/v1/attempts/{id}/release": { world in
            var ask = try world.askOfAgent(nil)
            let attempt = Int64(ask.values["id"] ?? "")
            ask.after = { world, _ in
                for token in world.model.tokens.values where token.attemptID == attempt {
                    world.model.revoke(token.id)
                }
            }
            return ask
        },
        "POST /agent/v1/attempts/{id}/steps": { world in
            let update = StepUpdate(number: 1, status: .running, exitCode: 0, startedAt: Date(), finishedAt: nil)
            return try world.askOfAgent(try Wire.encode(update))
        },
        "POST /agent/v1/attempts/{id}/log": { world in
            let segment = Segment(offset: 0, step: 1, output: Array("more".utf8))
            var ask = try world.askOfAgent(segment.data)
            ask.query = "?offset=0&length=4&step=1&crc32=\(segment.crc32)"
            return ask
        },
        "POST /agent/v1/attempts/{id}/finish": { world in
            let size = world.dice.once(in: 2) ? 0 : 4
            let end = JobEnd(status: .success, exitCode: 0, error: "", logSize: Int64(size))
            var ask = try world.askOfAgent(try Wire.encode(end))
            let attempt = Int64(ask.values["id"] ?? "")
            ask.after = { world, _ in
                for token in world.model.tokens.values where token.attemptID == attempt {
                    world.model.revoke(token.id)
                }
            }
            return ask
        },
    ]

    /// A push of nothing, rightly signed or not: who signs wrongly does not learn whether the repository is there.
    private static let deliver: TenancyGenerator = { world in
        guard let repo = world.dice.pick(world.model.repos.filter(\.value.isOnDefaultForge)) else {
            throw NotInTime(description: "no repository is left")
        }
        let hash = String(repeating: "a", count: 40)
        let body =
            #"{"refs":[{"after":"\#(hash)","before":"\#(hash)","ref":"refs/heads/x"}],"repository":{"full_name":"\#(repo.owner)/\#(repo.name)"}}"#
        let isRight = !repo.hookSecret.isEmpty && world.dice.once(in: 2)
        let key =
            isRight ? repo.hookSecret : world.dice.pick(world.model.repos.filter { $0.key != repo.id })?.hookSecret
        var ask = TenancyAsk(sender: world.sender(), json: body, expected: [isRight ? 202 : 404])
        ask.headers = [
            "X-Skep-Event": "push", "X-Skep-Delivery": world.dice.marker(),
            "X-Skep-Signature-256": "sha256=\(HMAC.sha256(key: Array((key ?? "").utf8), data: body.utf8).hex)",
        ]
        if isRight {
            ask.touched = [.tenant(repo.tenantID)]
        } else {
            ask.twin = .init(parameter: "json", name: repo.name, absent: world.dice.absent(like: repo.name))
        }
        return ask
    }

    private static let claim: TenancyGenerator = { world in
        let index = world.dice.number(0...world.model.agents.count - 1)
        let agent = world.model.agents[index]
        let request = ClaimRequest(agent: "walker", labels: ["os": "linux", "arch": "amd64"], slots: 1, wait: 0)
        var ask = TenancyAsk(sender: .stranger(agent.token), body: try Wire.encode(request), expected: [200, 204])
        if world.dice.once(in: 3) {
            ask.sender = world.dice.pick(world.model.tokens).map { .token($0) } ?? .nobody
            ask.expected = [401]
            return ask
        }
        let seen = world.model.tenants.values.filter { agent.tenantID == nil || $0.id == agent.tenantID }
        // Jobs of deleted repositories are ended on the way to one that is not.
        let ended = world.model.deleted.values.filter { agent.tenantID == nil || $0 == agent.tenantID }
        ask.touched = Set(ended + [agent.tenantID].compactMap { $0 }).reduce(into: []) { $0.insert(.tenant($1)) }
        ask.after = { world, reply in
            guard reply.status == 200 else { return }
            let job = try Wire.decode(ClaimedJob.self, from: reply.body)
            try await world.claimed(job, index)
            // Of all that the agent may see, one job is of one repository and its tenant.
            let repos = world.model.repos.values.filter { job.clone.remote.contains($0.marker) }
            for repo in repos { world.touched.insert(.tenant(repo.tenantID)) }
            try check(repos.count == 1 && seen.contains { $0.id == repos.first?.tenantID }, "\(job.repo)")
            let markers = Set(repos.map(\.marker) + repos.compactMap { world.model.tenants[$0.tenantID]?.marker })
            try check(world.markers.filter { reply.text.contains($0) }.subtracting(markers).isEmpty)
        }
        ask.alsoVisible = world.markers
        return ask
    }
}

extension TenancyWorld {
    /// Every marker there is.
    var markers: Set<String> {
        Set(model.repos.values.map(\.marker) + model.tenants.values.map(\.marker) + model.accounts.values.map(\.marker))
    }

    /// About an attempt of the agent, of another, or of nobody: the last two look alike.
    fileprivate func askOfAgent(_ body: [UInt8]?) throws -> TenancyAsk {
        let index = dice.number(0...model.agents.count - 1)
        let isOwn = dice.once(in: 3)
        let agent = model.agents[isOwn ? index : dice.number(0...model.agents.count - 1)]
        let attempt = dice.pick(agent.attempts) ?? 1
        var ask = TenancyAsk(
            sender: .stranger(model.agents[index].token), values: ["id": "\(attempt)"], expected: [409])
        ask.body = body
        if dice.once(in: 5) {
            ask.sender = dice.once(in: 3) ? .nobody : dice.pick(model.tokens).map { .token($0) } ?? .nobody
            ask.expected = [401]
        } else if model.agents[index].attempts.contains(attempt) {
            ask.expected = [200, 204, 409]
            let repo = model.tokens.values.first { $0.attemptID == attempt }?.repoID ?? 0
            ask.touched = [.tenant(tenant(ofRepo: repo))]
            return ask
        }
        ask.twin = .init(parameter: "id", name: "\(attempt)", absent: "9999999")
        return ask
    }
}
