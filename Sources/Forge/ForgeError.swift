/// A forge could not answer.
package struct ForgeError: Error, Sendable, CustomStringConvertible {
    package struct Code: Sendable, Hashable {
        private let name: String

        /// There is no such repository to install a hook in.
        package static let noRepository = Code(name: "no_repository")
        /// The repository is there, and reading it failed.
        package static let broken = Code(name: "broken")
        package static let tooLarge = Code(name: "too_large")
        package static let timeout = Code(name: "timeout")
        /// A hook of somebody else's stands where ours has to go, and Skep would not guess what to do with it.
        package static let hookConflict = Code(name: "hook_conflict")
        /// The forge does not take Skep's token; another may be put in its place.
        package static let unauthorized = Code(name: "unauthorized")
        /// The token is good, and not for this.
        package static let forbidden = Code(name: "forbidden")
        /// It understood, and does not do it.
        package static let refused = Code(name: "refused")
        /// Too much was asked of the forge. `retryAfter` says how long it wants to be left alone.
        package static let rateLimited = Code(name: "rate_limited")
        /// It sends Skep to a host that is not configured: nothing was asked there.
        package static let redirected = Code(name: "redirected")
        /// Something of this machine: a program that does not start, a folder that cannot be written.
        package static let system = Code(name: "system")
    }

    package let code: Code
    /// Fit for the repository's administrator: no secret, no path outside the repository.
    package let message: String
    /// For the operator's log only: what the program or the system said.
    package let detail: String
    /// Asking before that is of no use. nil: the forge did not say.
    package let retryAfter: Duration?

    package init(_ code: Code, _ message: String, detail: String = "", retryAfter: Duration? = nil) {
        self.code = code
        self.message = message
        self.detail = detail
        self.retryAfter = retryAfter
    }

    /// Whether asking again later may succeed. The others stay as they are until somebody changes something.
    package var mayPass: Bool {
        [.timeout, .broken, .system, .unauthorized, .rateLimited, .redirected].contains(code)
    }

    package var description: String { message }
}

/// A hook request that is not taken.
package enum HookError: Error, Sendable, Hashable, CustomStringConvertible {
    /// No signature, or one that is not of this body with this secret.
    case badSignature
    /// Not what this forge sends. The text says what is wrong with it.
    case malformed(String)
    /// More than `ForgeLimits.hookBody` bytes.
    case tooLarge

    package var description: String {
        switch self {
        case .badSignature: "the signature is missing or wrong"
        case .malformed(let reason): reason
        case .tooLarge: "the body is over \(ForgeLimits.hookBody) bytes"
        }
    }
}
