import AgentProtocol
import Core
package import Hummingbird
package import Store

// A handler of one of these contexts cannot run before its check has passed: the context cannot be made otherwise.

/// A repository as the caller asks for it. Only statements that check the caller's permission take a scope.
package struct ReadContext: ChildRequestContext {
    package var coreContext: CoreRequestContextStorage
    package let scope: RepoScope

    package init(context: AppContext) throws {
        coreContext = context.coreContext
        scope = RepoScope(credentials: context.credentials, path: try context.repoPath())
    }
}

/// Somebody with a good token.
package struct UserContext: ChildRequestContext {
    package var coreContext: CoreRequestContextStorage
    package let caller: Caller
    package let credentials: Credentials

    package init(context: AppContext) throws {
        guard let caller = context.caller else { throw AccessError.unauthenticated }
        coreContext = context.coreContext
        credentials = context.credentials
        self.caller = caller
    }
}

/// Somebody with a token that may change the account itself: an owner of lesser tokens, not one of them.
package struct AccountContext: ChildRequestContext {
    package var coreContext: CoreRequestContextStorage
    package let caller: Caller
    package let credentials: Credentials

    package init(context: UserContext) throws {
        try context.caller.requireFullToken()
        coreContext = context.coreContext
        credentials = context.credentials
        caller = context.caller
    }
}

extension Caller {
    /// Throws `forbidden` for a token that may not do everything its user may.
    func requireFullToken() throws(AccessError) {
        guard token.level == .admin else {
            throw .forbidden(
                "This token's scope is too narrow: this needs a token with the scope admin for everything.")
        }
    }
}

/// An administrator of the server.
package struct AdminContext: ChildRequestContext {
    package var coreContext: CoreRequestContextStorage
    package let caller: Caller
    package let credentials: Credentials

    package init(context: UserContext) throws {
        guard context.caller.user.admin else {
            throw AccessError.forbidden("Only administrators of the server may do this.")
        }
        try context.caller.requireFullToken()
        coreContext = context.coreContext
        credentials = context.credentials
        caller = context.caller
    }
}

/// A repository that the caller may read.
package struct RepoContext: ChildRequestContext {
    package var coreContext: CoreRequestContextStorage
    package let access: Access

    package init(context: AppContext) throws {
        guard let access = context.access else { throw AccessError.unauthenticated }
        coreContext = context.coreContext
        self.access = access
    }
}

/// A repository that the caller may write to.
package struct PushContext: ChildRequestContext {
    package var coreContext: CoreRequestContextStorage
    package let access: Access

    package init(context: RepoContext) throws {
        try context.access.require(.write, to: "do this")
        coreContext = context.coreContext
        access = context.access
    }
}

/// A repository that the caller administers.
package struct RepoAdminContext: ChildRequestContext {
    package var coreContext: CoreRequestContextStorage
    package let access: Access

    package init(context: RepoContext) throws {
        try context.access.require(.admin, to: "do this")
        coreContext = context.coreContext
        access = context.access
    }
}

/// An agent with a good token.
package struct AgentContext: ChildRequestContext {
    package var coreContext: CoreRequestContextStorage
    package let agent: AgentToken
    package let address: String
    let trace: TraceContext

    package init(context: AppContext) throws {
        guard let agent = context.agent else { throw AccessError.unauthenticated }
        coreContext = context.coreContext
        self.agent = agent
        address = context.remoteAddress
        trace = context.trace
    }
}
