package import Hummingbird
import Builds
import Core
import Sealing
import Store

/// Finds out who sends a request; without a good token it goes no further.
package struct Authenticate: RouterMiddleware {
    package typealias Context = AppContext

    let store: Store

    package func handle(
        _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.caller = try await store.caller(context.credentials)
        context.sender.text = context.caller?.user.login
        return try await next(request, context)
    }
}

/// Finds the repository of the path, and what the caller may do with it; who may not read it gets no further.
package struct Permit: RouterMiddleware {
    package typealias Context = AppContext

    let store: Store

    package func handle(
        _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.access = try await store.access(try await store.scope(of: context))
        context.sender.text = context.access?.caller?.user.login
        return try await next(request, context)
    }
}

/// For handlers that look at the repository with their own statement: whatever else is wrong with the request, a bad token
/// and a repository that the caller may not see are told first.
package struct RefuseInOrder: RouterMiddleware {
    package typealias Context = AppContext

    let store: Store

    package func handle(
        _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error where error is Refusal || (try? context.repoPath()) == nil {
            _ = try await store.access(try await store.scope(of: context))
            throw error
        }
    }
}

extension Store {
    /// The repository of the path, as the caller asks for it. A bad token is refused also where no repository can be.
    fileprivate func scope(of context: AppContext) async throws -> RepoScope {
        do {
            return RepoScope(credentials: context.credentials, path: try context.repoPath())
        } catch {
            if context.credentials != .anonymous { _ = try await caller(context.credentials) }
            throw error
        }
    }
}

/// Finds out which agent's token a request came with.
package struct AuthenticateAgent: RouterMiddleware {
    package typealias Context = AppContext

    let store: Store

    package func handle(
        _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        guard let token = request.agentToken else { throw AccessError.unauthenticated }
        context.agent = try await store.agentToken(hash: token.hash)
        context.sender.text = context.agent.map { "agent token \($0.id)" }
        return try await next(request, context)
    }
}

extension Request {
    /// nil: there is none, or it is no agent's.
    var agentToken: Token? {
        let token = Token(headers[.authorization]?.split(separator: " ").last ?? "")
        return token?.prefix == Token.agentPrefix ? token : nil
    }
}
