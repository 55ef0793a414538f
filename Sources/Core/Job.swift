package import FoundationEssentials

/// One cell of a build's matrix.
package struct Job: Sendable, Hashable, Identifiable {
    package var id: Int64
    /// 1 for the first of its build.
    package var number: Int
    package var status: Status
    package var enqueuedAt: Date
    package var startedAt: Date?
    package var finishedAt: Date?
    package var exitCode: Int
    /// Its cell of the matrix: a JSON object of strings, in the order written.
    package var environment: String
    /// Why the job ended in `error`, else empty.
    package var error: String
    /// Which run of the job the other fields describe; 0 before the first.
    package var attempt: Int

    package init(
        id: Int64, number: Int, status: Status, enqueuedAt: Date, startedAt: Date?, finishedAt: Date?, exitCode: Int,
        environment: String, error: String, attempt: Int
    ) {
        self.id = id
        self.number = number
        self.status = status
        self.enqueuedAt = enqueuedAt
        self.startedAt = startedAt
        self.finishedAt = finishedAt
        self.exitCode = exitCode
        self.environment = environment
        self.error = error
        self.attempt = attempt
    }
}
