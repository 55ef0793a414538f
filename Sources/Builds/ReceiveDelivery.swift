import Core
package import Forge
import Queue
import Store
import Telemetry

/// What became of a delivery at the door.
package struct Receipt: Sendable, Hashable {
    package var delivery: Int64
    /// False: it was received before, and this is the first one's number.
    package var isNew: Bool
}

extension Engine {
    /// Verifies and stores a delivery. What it makes is done later: see `handleNextDeliveries`.
    ///
    /// Throws `notFound` for an unknown repository and for a wrong signature alike, and `invalid` for what is no delivery.
    package func receiveDelivery(_ request: HookRequest, forge name: String?) async throws -> Receipt {
        guard let forge = forges.named(name) else { throw AccessError.notFound("There is no forge \(name ?? "").") }
        let (identity, secret) = try await verified(request, forge)
        #if DEBUG
        if Plant.loseDelivery.strikes { return Receipt(delivery: Int64.random(in: 1 << 40..<1 << 50), isNew: true) }
        #endif
        let received = try await receivedTogether.receive(
            NewDelivery(
                repoID: secret.repoID, key: identity.deliveryID, event: identity.event,
                headers: request.readingHeaders, body: request.body(without: secret.secret)))
        (received.isNew ? metrics.deliveriesAccepted : metrics.deliveriesRepeated).increment()
        if received.isNew { wakeUps.wake(Topic.intake) }
        return Receipt(delivery: received.id, isNew: received.isNew)
    }

    private func verified(_ request: HookRequest, _ forge: Forges.Entry) async throws -> (HookIdentity, HookSecret) {
        do {
            let identity = try identify(request, forge)
            return (identity, try await verify(request, identity, forge))
        } catch let error where error is Refusal || error is AccessError {
            metrics.deliveriesRefused.increment()
            throw error
        }
    }

    private func identify(_ request: HookRequest, _ forge: Forges.Entry) throws -> HookIdentity {
        do {
            return try forge.client.identify(request)
        } catch {
            throw Refusal.invalid("This is not a delivery: \(error).")
        }
    }

    private func verify(_ request: HookRequest, _ identity: HookIdentity, _ forge: Forges.Entry) async throws
        -> HookSecret
    {
        let unknown = AccessError.notFound(
            "There is no repository \(identity.repo.fullName), or its deliveries are signed otherwise.")
        guard
            let secret = try await store.hookSecret(
                forge: forge.name, path: identity.repo, forgeRepoID: identity.forgeRepoID)
        else { throw unknown }
        do {
            _ = try forge.client.parse(request, secret: String(decoding: secret.secret, as: UTF8.self))
        } catch HookError.badSignature {
            throw unknown
        } catch {
            throw Refusal.invalid("The delivery cannot be read: \(error).")
        }
        return secret
    }
}

extension HookRequest {
    /// Old versions of Gitea put the secret into what they send: it is stored as asterisks.
    fileprivate func body(without secret: [UInt8]) -> [UInt8] {
        guard secret.count >= 16, body.contains(secret) else { return body }
        return body.replacing(secret, with: Array(repeating: UInt8(ascii: "*"), count: secret.count))
    }

    /// The headers that tell how to read the body: the forges' own and the content type, but none that proves anything.
    fileprivate var readingHeaders: Variables {
        var headers = Variables()
        for (name, value) in self.headers {
            let name = name.lowercased()
            let isSecret = name.contains("signature") || name.contains("token") || name.contains("secret")
            let isForges = ["x-skep-", "x-github-", "x-gitea-", "x-gogs-", "x-forgejo-", "x-gitlab-"].contains(
                where: name.hasPrefix)
            if name == "content-type" || (isForges && !isSecret) { headers[name] = value }
        }
        return headers
    }
}

extension [UInt8] {
    /// Many times as quick as the search of the standard library, which is for collections of every kind.
    fileprivate func contains(_ other: [UInt8]) -> Bool {
        guard let first = other.first, other.count <= count else { return other.isEmpty }
        return withUnsafeBufferPointer { bytes in
            other.withUnsafeBufferPointer { other in
                (0...(bytes.count - other.count)).contains { start in
                    bytes[start] == first && other.indices.allSatisfy { bytes[start + $0] == other[$0] }
                }
            }
        }
    }
}
