import Core
import Forge
import Logging
import Queue
import Sealing
import Store

extension Engine {
    /// Makes partitions ahead, erases deleted repositories, forgets old delivery ids, replies kept for repeated requests, old
    /// events, and outcomes of jobs that are too old to be flaky.
    package func keepHouse() async throws {
        try await store.makePartitions(days: 7)
        for id in try await store.reposToErase() { try await erase(id) }
        while try await store.forgetDeliveryKeys() == 1000 {}
        while try await store.forgetKeys() == 1000 {}
        while try await store.forgetOutcomes() == 1000 {}
        try await store.deleteTokensOfEndedAttempts()
        while try await store.forgetEvents(keeping: Self.eventsKept) > 0 {}
    }

    /// Of each repository, at most.
    private static let eventsKept = 1000

    private func erase(_ repoID: Int64) async throws {
        var next: Int64? = 1
        while let first = next {
            try Task.checkCancellation()
            next = try await store.transaction { store, _ in try await store.erase(repoID: repoID, from: first) }
        }
        logger.info("repository erased", metadata: ["repo.id": "\(repoID)"])
    }

    /// Takes in pushes that a plain-git hook could not deliver.
    package func drainSpools() async throws {
        for forge in forges.entries {
            guard let git = forge.client as? GitForge else { continue }
            await git.drainSpools { request in
                do {
                    _ = try await receiveDelivery(request, forge: forge.name)
                    return true
                } catch is AccessError {
                    return false
                } catch is Refusal {
                    return false
                }
            }
        }
    }

    /// Compares the refs of every plain-git repository with those last seen, and takes in what moved while nobody listened.
    ///
    /// Repositories with pushes in their spool or deliveries to handle are left out: their refs may still be told of. Answers
    /// whether there were none.
    @discardableResult
    package func compareRefs() async throws -> Bool {
        var sawAll = true
        for forge in forges.entries {
            guard let git = forge.client as? GitForge else { continue }
            var last: Int64 = 0
            while true {
                let repos = try await store.repos(onForge: forge.id, after: last, limit: 200)
                for repo in repos where try await !compareRefs(of: repo.id, repo.path, git) { sawAll = false }
                guard let id = repos.last?.id else { break }
                last = id
            }
        }
        return sawAll
    }

    /// What was pushed before the refs were read, and is told of later, would be built once more then: by when the spool is
    /// empty, all deliveries are handled and nothing new is known, every such push has been heard of.
    private func compareRefs(of repoID: Int64, _ path: RepoPath, _ git: GitForge) async throws -> Bool {
        let known = try await store.refs(repoID: repoID)
        let changes: [RefChange]
        do {
            changes = try await git.changes(since: known, in: path)
        } catch {
            logger.warning("refs could not be compared", metadata: ["repo.id": "\(repoID)", "error": "\(error)"])
            return true
        }
        guard !changes.isEmpty else { return true }
        guard !git.hasSpool(path), try await store.isIntakeIdle(repoID: repoID),
            try await store.refs(repoID: repoID) == known
        else { return false }
        let request = try git.request(for: changes, in: path, deliveryID: "compared-\(randomBytes(12).hex)")
        let identity = try git.identify(request)
        var headers = Variables()
        for header in request.headers { headers[header.name.lowercased()] = header.value }
        let received = try await store.receiveDelivery(
            repoID: repoID, key: identity.deliveryID, event: identity.event, headers: headers, body: request.body)
        if received.isNew { wakeUps.wake(Topic.intake) }
        logger.info(
            "pushes were found that nobody told of", metadata: ["repo.id": "\(repoID)", "refs": "\(changes.count)"])
        return true
    }
}
