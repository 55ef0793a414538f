package import Core
package import FoundationEssentials

// Every call about an attempt answers 409 with `StaleAttempt` once the attempt is no longer the job's current one or its
// lease was given away: the agent then stops the job and sends nothing more of it.

/// `POST /agent/v1/attempts/{id}/heartbeat`, no body: renews the lease. The first one starts the job.
package struct HeartbeatReply: Sendable, Codable {
    /// Stop the job; its end is then reported as `killed`.
    package var cancel: Bool

    package init(cancel: Bool) {
        self.cancel = cancel
    }
}

/// `POST /agent/v1/attempts/{id}/steps`: a step started or ended.
package struct StepUpdate: Sendable, Codable {
    /// 0 is the clone.
    package var number: Int
    package var status: Status
    package var exitCode: Int
    package var startedAt: Date?
    package var finishedAt: Date?

    package init(number: Int, status: Status, exitCode: Int, startedAt: Date?, finishedAt: Date?) {
        self.number = number
        self.status = status
        self.exitCode = exitCode
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}

/// `POST /agent/v1/attempts/{id}/finish`: the job has ended and all its log is stored. Repeating it changes nothing.
package struct JobEnd: Sendable, Codable {
    /// success, failure, killed or error.
    package var status: Status
    package var exitCode: Int
    /// Why, for `error`; else empty.
    package var error: String
    /// Bytes of log the agent has sent. The server refuses an end whose log it does not have whole.
    package var logSize: Int64

    package init(status: Status, exitCode: Int, error: String, logSize: Int64) {
        self.status = status
        self.exitCode = exitCode
        self.error = error
        self.logSize = logSize
    }
}

/// `POST /agent/v1/attempts/{id}/log?offset=&length=&step=&crc32=`, the body one segment: raw deflate (RFC 1951), independent
/// of every other segment, ended by a flush to a byte boundary. 204 once stored, or when all of it was stored before.
package enum LogQuery {
    package static let offset = "offset"
    /// Bytes after inflating, 1 to `maximumLength`.
    package static let length = "length"
    package static let step = "step"
    /// CRC-32 of the inflated bytes, decimal.
    package static let crc32 = "crc32"

    package static let maximumLength = 1 << 20
}

/// The body of a 409. `logSize` is what the server has, so that a writer with a gap knows where to go on;
/// `stale` tells that the attempt is over.
package struct Conflict: Sendable, Codable {
    package var stale: Bool
    package var logSize: Int64
    package var message: String

    package init(stale: Bool, logSize: Int64, message: String) {
        self.stale = stale
        self.logSize = logSize
        self.message = message
    }
}
