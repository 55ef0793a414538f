package import Core
import Logging

extension GitForge {
    /// The repositories that hold pushes which no server has taken yet.
    package func repositoriesWithSpool() -> [RepoPath] {
        repositories().filter(hasSpool)
    }

    /// Whether pushes to the repository wait to be taken.
    package func hasSpool(_ path: RepoPath) -> Bool {
        folder(of: path).map { !Spool(gitDir: $0).names().isEmpty } ?? false
    }

    /// Hands every spooled push to the server that this is, each repository's oldest first, as its hook would post it.
    ///
    /// A repository whose hook is delivering at this moment is passed over. Failures are logged and end only the
    /// repository's own turn.
    ///
    /// - Parameter deliver: true: the push is stored, and leaves the spool. false: it never will be, and is set aside.
    ///   It throws where trying again later may help.
    package func drainSpools(deliver: (HookRequest) async throws -> Bool) async {
        for path in repositoriesWithSpool() where !Task.isCancelled {
            do {
                try await drainSpool(of: path, deliver)
            } catch is CancellationError {
                return
            } catch {
                logger.error(
                    "spool not drained", metadata: ["repo": "\(path)", "error": "\(String(reflecting: error))"])
            }
        }
    }

    private func drainSpool(of path: RepoPath, _ deliver: (HookRequest) async throws -> Bool) async throws {
        guard let folder = folder(of: path) else { return }
        let spool = Spool(gitDir: folder)
        _ = try await spool.withLock(patience: .zero) {
            let say = { (line: String) in
                logger.info("spooled push", metadata: ["repo": "\(path)", "outcome": "\(line)"])
            }
            return try await spool.drain(say: say) { request in
                do {
                    return try await deliver(request) ? .accepted("accepted") : .refused("the server does not take it")
                } catch {
                    return .kept("\(error)")
                }
            }
        }
    }
}
