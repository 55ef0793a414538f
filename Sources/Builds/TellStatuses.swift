import Core
import Forge
import Logging
import Store

/// Seconds that a worker has a status to itself: longer than a request to a forge may take with its tries.
private let statusLease = 120

/// A status is given up after so many failures, at most five minutes apart: about a day.
private let failuresAllowed = 300

extension Engine {
    /// Tells forges of builds that changed, until none is due. What a build has become meanwhile is told, not each step.
    ///
    /// Nothing waits for it: builds only put themselves into the outbox.
    package func tellStatuses() async throws {
        while let waiting = try await store.claimStatus(seconds: statusLease) {
            do {
                try Task.checkCancellation()
                try await tell(waiting)
                if try await store.statusWasTold(waiting) { continue }
                try await store.tellStatusAgain(waiting, tries: 0, milliseconds: 0)
            } catch let error as ForgeError {
                try await putOff(waiting, error)
            } catch {
                // Also when the server is to stop: the next one need not wait for the lease to end.
                await Task { try? await store.tellStatusAgain(waiting, tries: waiting.tries, milliseconds: 1000) }.value
                throw error
            }
        }
    }

    private func tell(_ waiting: WaitingStatus) async throws {
        guard let told = try await store.statusToTell(buildID: waiting.buildID), !told.isReplaced,
            let forge = try? forges.with(id: told.forgeID).client as? any HostedForge
        else { return }
        let status = CommitStatus(
            commit: told.commit, status: told.status, context: "skep/\(told.event.rawValue)",
            description: "Build \(told.number): \(told.status.inWords)",
            targetURL: "\(settings.publicURL)/\(told.path)/builds/\(told.number)", deployment: told.deployment)
        try await forge.post(status, in: told.path)
    }

    private func putOff(_ waiting: WaitingStatus, _ error: ForgeError) async throws {
        let isGivenUp = !error.mayPass || waiting.tries >= failuresAllowed
        logger.warning(
            isGivenUp ? "a status is given up" : "a status is put off",
            metadata: [
                "build.id": "\(waiting.buildID)", "tries": "\(waiting.tries + 1)",
                "error": "\(error) \(error.detail)",
            ])
        if isGivenUp, try await store.statusWasTold(waiting) { return }
        let seconds = max(min(300, 1 << min(waiting.tries, 9)), Int(error.retryAfter?.components.seconds ?? 0))
        try await store.tellStatusAgain(
            waiting, tries: isGivenUp ? 0 : waiting.tries + 1, milliseconds: seconds * 1000)
    }
}

extension Status {
    fileprivate var inWords: String {
        switch self {
        case .pending: "waiting"
        case .running: "running"
        case .success: "succeeded"
        case .failure: "failed"
        case .killed: "was cancelled"
        default: "could not be run"
        }
    }
}
