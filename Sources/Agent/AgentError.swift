/// Why an agent cannot work, or a job cannot be run by it.
package struct AgentError: Error, Sendable, CustomStringConvertible {
    package struct Code: Sendable, Hashable {
        private let name: String

        /// The server's address is not one.
        package static let invalidServer = Code(name: "invalidServer")
        /// The server does not speak this agent's version of the protocol.
        package static let versionRefused = Code(name: "versionRefused")
        /// The folder cannot be used, or another agent uses it.
        package static let folderUnusable = Code(name: "folderUnusable")
        /// A sandbox is required and does not work here.
        package static let sandboxUnavailable = Code(name: "sandboxUnavailable")
        /// No container engine answers, or it cannot do what jobs need.
        package static let engineUnavailable = Code(name: "engineUnavailable")
        /// The job needs something that this agent's runtime does not have.
        package static let unsupported = Code(name: "unsupported")
        /// An image cannot be had.
        package static let imageUnavailable = Code(name: "imageUnavailable")
        /// The operating system refused something a job needs.
        package static let system = Code(name: "system")
    }

    package var code: Code
    package var description: String

    package init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
