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
        let user: User
        if let known = try await store.findUser("admin") {
            user = known
        } else if let made = try await store.createUser(login: "admin", email: "", admin: true) {
            user = made
        } else {
            throw SettingsError(message: "The user admin could not be made.")
        }
        _ = try await store.createToken(userID: user.id, name: "skep dev", hash: token.hash)
        return token.text
    }

    func agentToken() async throws -> String {
        let token = try token("agent-token", prefix: Token.agentPrefix)
        if try await store.agentToken(hash: token.hash) == nil {
            try await store.createAgentToken(tenantID: nil, name: "skep dev", hash: token.hash)
        }
        return token.text
    }

    private func token(_ file: String, prefix: String) throws -> Token {
        let text = try folder.secret(file) { Token.generate(prefix: prefix).text }
        guard let token = Token(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw SettingsError(message: "\(folder.path)/\(file) holds no token: remove it to get a new one.")
        }
        return token
    }
}
