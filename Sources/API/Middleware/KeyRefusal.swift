import HTTPTypes

/// Why a key cannot be used now.
enum KeyRefusal: Error {
    case malformed
    case otherRequest
    case inProgress
    case replyLost

    var failure: Failure {
        switch self {
        case .malformed: Failure(.badRequest, "invalid", "Idempotency-Key must be 1 to 255 visible ASCII characters.")
        case .otherRequest:
            Failure(
                .unprocessableContent, "idempotency_key_reused",
                "This Idempotency-Key was used for another request: take a new one.")
        case .inProgress:
            Failure(
                .conflict, "conflict", "The first request with this Idempotency-Key is being handled. Try again.",
                headers: [.retryAfter: "1"])
        case .replyLost:
            Failure(
                .conflict, "conflict",
                "The first request with this Idempotency-Key was carried out, and its reply is lost: look what it changed."
            )
        }
    }
}
