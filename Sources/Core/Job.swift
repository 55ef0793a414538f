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
    /// The steps of that run, by number. nil: nobody asked for them.
    package var steps: [StepRun]?

    package init(
        id: Int64, number: Int, status: Status, enqueuedAt: Date, startedAt: Date?, finishedAt: Date?, exitCode: Int,
        environment: String, error: String, attempt: Int, steps: [StepRun]? = nil
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
        self.steps = steps
    }
}

/// A step of one run of a job.
package struct StepRun: Sendable, Hashable {
    /// 0 is the clone, 1 the first step of the file.
    package var number: Int
    package var name: String
    package var image: String
    package var status: Status
    package var exitCode: Int
    /// Whole seconds since 1970, by the agent's clock; 0 for not yet.
    package var startedAt: Int64
    package var finishedAt: Int64

    package init(
        number: Int, name: String, image: String, status: Status, exitCode: Int, startedAt: Int64, finishedAt: Int64
    ) {
        self.number = number
        self.name = name
        self.image = image
        self.status = status
        self.exitCode = exitCode
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}
