import Core

/// How a job ended.
struct JobOutcome: Sendable, Equatable {
    var status: Status = .success
    var exitCode = 0
    var error = ""

    static func killed(error: String = "") -> JobOutcome {
        JobOutcome(status: .killed, exitCode: 137, error: error)
    }
}
