import Sealing
import Store

/// What a rotation has done so far.
package struct RotationProgress: Sendable, Hashable {
    package var resealed = 0
    /// What its key does not open, such as `secrets 7`: it was lost before.
    package var broken: Set<String> = []
    /// Keys, besides the ring's current one, that something is still sealed with.
    package var left: [String] = []

    package var isComplete: Bool { left.isEmpty }
}

extension Operations {
    /// Seals with the ring's current key everything that another key of the ring has sealed, in batches, while servers run. It
    /// goes on where an earlier run was ended, and goes over everything again while a server still seals with an older key, five
    /// times at most.
    ///
    /// - Parameter report: called after each batch.
    package func rotateKeys(batch: Int = 200, report: (RotationProgress) -> Void) async throws -> RotationProgress {
        var progress = RotationProgress(left: try await keysToReplace())
        guard !progress.isComplete else { return progress }
        try await note("key.rotate", ["from": .list(progress.left)])
        for pass in 1...5 {
            for key in progress.left {
                for kind in SealedKind.allCases { try await reseal(kind, from: key, batch, &progress, report) }
            }
            progress.left = try await keysToReplace()
            if progress.isComplete || pass == 5 { break }
            // Long enough for whoever held a row that was left out.
            try await Task.sleep(for: .milliseconds(200))
        }
        try await note(
            "key.rotated",
            [
                "resealed": .init(progress.resealed), "broken": .init(progress.broken.count),
                "left": .list(progress.left),
            ])
        return progress
    }

    private func reseal(
        _ kind: SealedKind, from key: String, _ size: Int, _ progress: inout RotationProgress,
        _ report: (RotationProgress) -> Void
    ) async throws {
        var next: Int64? = 0
        while let id = next {
            try Task.checkCancellation()
            let batch = try await store.reseal(kind, from: key, after: id, limit: size)
            progress.resealed += batch.resealed
            progress.broken.formUnion(batch.broken.map { "\(kind.name) \($0)" })
            next = batch.next
            report(progress)
        }
    }

    private func keysToReplace() async throws -> [String] {
        try await store.keysInUse().filter { $0 != store.keyRing.currentKeyID }
    }

    private func note(_ action: String, _ after: AuditFields) async throws {
        try await store.record(
            AuditEntry(by: actor, tenantID: nil, action, store.keyRing.currentKeyID, after: after))
    }
}
