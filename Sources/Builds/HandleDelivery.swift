import Core
import Forge
import FoundationEssentials
import Logging
import Postgres
import Queue
import Store
import Telemetry

/// A delivery is tried again this often before it is given up, at most five minutes apart: more than a day.
private let triesAllowed = 300

/// Seconds a worker has a repository to itself, counted again with each delivery: as long as a worker that was killed holds
/// its repository up. A forge that takes longer to answer costs work done twice and nothing else.
private let intakeLease = 30

/// How many become builds in one transaction, where many wait.
private let deliveriesAtOnce = 25

extension Engine {
    /// Handles the deliveries of one repository, in order. False: there were none to handle.
    ///
    /// What a forge is asked for is asked before the transaction; builds, jobs, queue and the deliveries' outcomes are written
    /// in one. A forge that does not answer puts the repository off, and nothing after the delivery overtakes it.
    package func handleNextDeliveries() async throws -> Bool {
        guard let lease = try await store.claimIntake(seconds: intakeLease) else { return false }
        do {
            try await handleDeliveries(lease)
        } catch let error as RetryLater {
            try await putOff(lease, error)
        } catch is LostLease {
            logger.notice("another worker took over", metadata: ["repo.id": "\(lease.repoID)"])
        } catch {
            await giveBack(lease)
            throw error
        }
        return true
    }

    /// Also when the server is to stop, so that the next one need not wait for the lease to end.
    private func giveBack(_ lease: IntakeLease) async {
        await Task { try? await store.reopenIntake(lease, tries: lease.tries + 1, milliseconds: 1000) }.value
    }

    private func handleDeliveries(_ lease: IntakeLease) async throws {
        guard let repo = try await store.repo(id: lease.repoID) else { return try await close(lease, handled: 0) }
        let deliveries = try await store.waitingDeliveries(repoID: repo.id, limit: 50)
        // Where builds take the place of earlier ones, those are locked: no longer than it takes to make one.
        let most = repo.scheduling.cancelsAny ? 1 : deliveriesAtOnce
        var batch: [(WaitingDelivery, PreparedDelivery)] = []
        var began = ContinuousClock.now
        for delivery in deliveries {
            let prepared: PreparedDelivery
            do {
                prepared = try await prepare(delivery, repo)
            } catch let error as RetryLater {
                try await settle(batch, repo, lease)
                throw error
            }
            if prepared.standsAlone {
                try await settle(batch, repo, lease)
                try await settle([(delivery, prepared)], repo, lease)
                batch = []
                // The rest is looked at with the repository as it is now.
                if case .repository = prepared { return try await close(lease, handled: 50) }
                continue
            }
            batch.append((delivery, prepared))
            // A forge that is slow holds up nothing that is ready.
            guard batch.count >= most || ContinuousClock.now - began > .seconds(1) else { continue }
            try await settle(batch, repo, lease)
            batch = []
            began = .now
        }
        try await settle(batch, repo, lease)
        try await close(lease, handled: deliveries.count)
    }

    /// All or none. Which one it is that the database refuses is found by taking each alone.
    private func settle(
        _ batch: [(WaitingDelivery, PreparedDelivery)], _ repo: Repo, _ lease: IntakeLease
    ) async throws {
        guard !batch.isEmpty else { return }
        let outcomes: [DeliveryOutcome]
        do {
            outcomes = try await write(batch, repo, lease)
        } catch let error as PostgresError where error.refusesValues {
            guard batch.count == 1 else {
                for one in batch { try await settle([one], repo, lease) }
                return
            }
            let failed = PreparedDelivery.failed(reason: "The database does not take it: \(error).")
            outcomes = try await write([(batch[0].0, failed)], repo, lease)
        }
        if outcomes.contains(where: \.isBuilt) { jobsWait() }
        for ((delivery, _), outcome) in zip(batch, outcomes) {
            metrics.deliveryAge.observe(-delivery.receivedAt.timeIntervalSinceNow)
            logger.info(
                "delivery handled",
                metadata: ["delivery.id": "\(delivery.id)", "repo.id": "\(repo.id)", "outcome": "\(outcome)"])
        }
    }

    private func write(
        _ batch: [(WaitingDelivery, PreparedDelivery)], _ repo: Repo, _ lease: IntakeLease
    ) async throws -> [DeliveryOutcome] {
        try await store.transaction { store, session in
            let (outcomes, builds) = try await start(batch, repo, store, session)
            let finished = Array(zip(batch.map(\.0), outcomes)).map { (delivery: $0.0, outcome: $0.1) }
            guard try await store.finishDeliveries(finished) else { throw LostLease() }
            // Late: deliveries that come meanwhile wait for this lock, and it fences as well here. The events' comes last.
            guard try await store.holdIntake(lease, seconds: intakeLease) else { throw LostLease() }
            try await store.makeEvents(buildIDs: builds.map(\.id))
            return outcomes
        }
    }

    private func close(_ lease: IntakeLease, handled: Int) async throws {
        if handled < 50, try await store.closeIntake(lease) { return }
        try await store.reopenIntake(lease, tries: 0, milliseconds: 0)
        wakeUps.wake(Topic.intake)
    }

    private func putOff(_ lease: IntakeLease, _ error: RetryLater) async throws {
        let seconds = max(min(300, 1 << min(lease.tries, 9)), error.seconds)
        logger.warning(
            "a delivery is put off",
            metadata: [
                "repo.id": "\(lease.repoID)", "tries": "\(lease.tries + 1)", "seconds": "\(seconds)",
                "error": "\(error.cause)",
            ])
        try await store.reopenIntake(lease, tries: lease.tries + 1, milliseconds: seconds * 1000)
    }
}

/// Another worker has the repository now: what this one prepared is dropped.
struct LostLease: Error {}

/// The forge could not be asked.
struct RetryLater: Error {
    var cause: String
    /// The forge wants to be left alone for so many seconds.
    var seconds = 0
}

/// A delivery with all that the forge was asked for.
enum PreparedDelivery: Sendable {
    case refs([PreparedChange])
    /// The repository itself is not what it was.
    case repository(RepositoryChange)
    case ignored(reason: String)
    case failed(reason: String)

    /// Whether it locks builds that were made before, or the repository: then it is written alone, since locks of those come
    /// before those of the events that others of a batch make.
    var standsAlone: Bool {
        switch self {
        case .refs(let changes):
            changes.contains { if case .cancel = $0.plan { true } else { false } }
        case .repository: true
        case .ignored, .failed: false
        }
    }
}

extension Engine {
    private func prepare(_ delivery: WaitingDelivery, _ repo: Repo) async throws -> PreparedDelivery {
        let forge = try forges.with(id: repo.forgeID)
        do {
            switch try forge.client.read(delivery.request) {
            case .ignored(let reason): return .ignored(reason: reason)
            case .refs(let changes, _): return .refs(try await prepare(changes, repo, forge))
            case .moved(let change, let details):
                return .refs([try await prepare(change, repo, forge, says: details)])
            case .pullRequest(let pull): return .refs([try await prepare(pull, repo, forge)])
            case .pullRequestEnded(let end):
                let ref = RefChange(ref: end.ref, before: nil, after: nil)
                return .refs([PreparedChange(ref: ref, plan: .cancel(.pullRequest, reason: end.reason))])
            case .deployment(let asked): return .refs([try await prepare(asked, repo, forge)])
            case .repository(let change): return .repository(change)
            }
        } catch let error as HookError {
            return .failed(reason: "The delivery cannot be read: \(error).")
        } catch let error as ForgeError {
            guard error.mayPass else { return .failed(reason: "The forge refused: \(error).") }
            try await store.countTry(delivery)
            guard delivery.tries < triesAllowed else {
                return .failed(reason: "The forge did not answer in \(triesAllowed) tries; the last time: \(error).")
            }
            throw RetryLater(
                cause: "\(error) \(error.detail)", seconds: Int(error.retryAfter?.components.seconds ?? 0))
        }
    }

    private func prepare(_ changes: [RefChange], _ repo: Repo, _ forge: Forges.Entry) async throws -> [PreparedChange] {
        var prepared: [PreparedChange] = []
        for change in changes {
            prepared.append(try await prepare(change, repo, forge))
        }
        return prepared
    }
}

extension WaitingDelivery {
    fileprivate var request: HookRequest {
        HookRequest(headers: headers.map { ($0.name, $0.value) }, body: body)
    }
}

extension DeliveryOutcome {
    fileprivate var isBuilt: Bool {
        if case .built = self { true } else { false }
    }
}

extension PostgresError {
    /// What was to be stored is at fault, and stays so: a value out of range, a name too long for an index (PostgreSQL
    /// documentation, appendix A, classes 22, 23 and 54).
    fileprivate var refusesValues: Bool {
        ["22", "23", "54"].contains(sqlState?.prefix(2))
    }
}
