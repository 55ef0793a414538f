import Core
import Queue
import Sealing
package import Store

extension Engine {
    /// Handles a delivery of the repository once more, as a new one: what the forge sent was verified when it came.
    ///
    /// Throws `notFound`, or `conflict` where it has not been handled yet.
    package func redeliver(_ access: Access, deliveryID: Int64, by caller: Caller) async throws -> Receipt {
        let repo = access.repo
        let received = try await store.transaction { store, _ in
            guard let stored = try await store.delivery(repoID: repo.id, id: deliveryID) else {
                throw AccessError.notFound("\(repo.path) has no delivery \(deliveryID).")
            }
            guard !stored.isWaiting else {
                throw Refusal.conflict("Delivery \(deliveryID) has not been handled yet.")
            }
            let received = try await store.receiveDelivery(
                repoID: repo.id, key: "redelivery-\(randomBytes(12).hex)", event: stored.event,
                headers: stored.headers, body: stored.body)
            try await store.record(
                repo.audit(
                    "delivery.redeliver", of: "delivery \(deliveryID)", by: caller.actor,
                    after: ["delivery": .init(Int(received.id))]))
            return received
        }
        wakeUps.wake(Topic.intake)
        return Receipt(delivery: received.id, isNew: received.isNew)
    }
}
