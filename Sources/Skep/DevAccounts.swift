import Builds
import Core
import Foundation
import Sealing
import Store

/// The accounts of `skep dev`: the database knows only hashes, so the tokens are kept in the folder.
struct DevAccounts {
    let store: Store
    let folder: DevFolder

    /// The token of the administrator `admin`, the same at each start.
    func administratorToken() async throws -> String {
        let token = try token("admin-token", prefix: Token.userPrefix)
        if (try? await store.caller(.token(hash: token.hash))) != nil { return token.text }
        if try await store.findUser("admin") == nil {
            _ = try await operations.createUser(NewUser(login: "admin", admin: true))
        }
        return try await operations.createToken(for: "admin", name: "skep dev", token).text
    }

    func agentToken() async throws -> String {
        let token = try token("agent-token", prefix: Token.agentPrefix)
        if try await store.agentToken(hash: token.hash) == nil {
            try await operations.createAgentToken(name: "skep dev", token)
        }
        return token.text
    }

    private var operations: Operations { Operations(store: store, actor: .system) }

    private func token(_ file: String, prefix: String) throws -> Token {
        let text = try folder.secret(file) { Token.generate(prefix: prefix).text }
        guard let token = Token(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw SettingsError(message: "\(folder.path)/\(file) holds no token: remove it to get a new one.")
        }
        return token
    }
}
