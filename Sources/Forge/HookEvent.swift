package import Core
package import FoundationEssentials

/// What a verified hook request tells.
package enum HookEvent: Sendable, Hashable {
    /// Branches and tags that moved, at least one, in the forge's order.
    case refs([RefChange], pushedAt: Date?)
    /// Nothing that Skep acts on.
    case ignored(reason: String)
}
