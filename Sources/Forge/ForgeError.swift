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
        /// Something of this machine: a program that does not start, a folder that cannot be written.
        package static let system = Code(name: "system")
    }

    package let code: Code
    /// Fit for the repository's administrator: no secret, no path outside the repository.
    package let message: String
    /// For the operator's log only: what the program or the system said.
    package let detail: String

    package init(_ code: Code, _ message: String, detail: String = "") {
        self.code = code
        self.message = message
        self.detail = detail
    }

    /// Whether asking again later may succeed. The others stay as they are until somebody changes something.
    package var mayPass: Bool {
        code == .timeout || code == .broken || code == .system
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
