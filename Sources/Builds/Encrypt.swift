import Core
import Pipeline
import Sealing
package import Store

extension Engine {
    /// Encrypts a YAML mapping for the repository: only Skep can open it, when a build runs. Answers a compact JWE (RFC 7516).
    ///
    /// Throws `invalid`, with line and column, for what is not a YAML mapping.
    package func encrypt(_ yaml: [UInt8], for access: Access) async throws -> String {
        do {
            try checkMapping(yaml: yaml)
        } catch {
            throw Refusal.invalid("The body must be a YAML mapping: \(error)")
        }
        guard let pair = try await store.keyPairs(repoID: access.repo.id).first else {
            throw AccessError.notFound("\(access.repo.path) has no key.")
        }
        return try JWE.encrypt(yaml, for: pair)
    }
}
