/// Why a server of one's own could not be had.
package struct EmbeddedPostgresError: Error, Hashable, CustomStringConvertible {
    package struct Code: Sendable, Hashable {
        private enum Value {
            case notInstalled, otherVersion, noUser, closedFolder, badFolder, failedProgram, timeout
        }

        private let value: Value

        /// No PostgreSQL server is installed where we look.
        package static let notInstalled = Code(value: .notInstalled)
        /// The data were made by a major version that is not installed.
        package static let otherVersion = Code(value: .otherVersion)
        /// We are root and no user is there to run the server as.
        package static let noUser = Code(value: .noUser)
        /// The server's user cannot enter a folder on the way to the data.
        package static let closedFolder = Code(value: .closedFolder)
        /// The folder cannot hold the data: its name, its owner or its contents forbid it.
        package static let badFolder = Code(value: .badFolder)
        /// One of PostgreSQL's programs failed.
        package static let failedProgram = Code(value: .failedProgram)
        /// Something took longer than it may.
        package static let timeout = Code(value: .timeout)
    }

    package let code: Code
    /// A sentence for whoever started the program, with what to do about it where we know.
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
