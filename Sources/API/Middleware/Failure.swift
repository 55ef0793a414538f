import AgentProtocol
import Builds
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import Postgres
import Sealing
import Store

/// How an error is answered and logged. The one place that decides so.
struct Failure {
    var status: HTTPResponse.Status
    var code: String
    var message: String
    var headers: HTTPFields
    /// For the log only: what the client need not know.
    var cause: String?

    init(
        _ status: HTTPResponse.Status, _ code: String, _ message: String, headers: HTTPFields = [:],
        cause: String? = nil
    ) {
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers
        self.cause = cause
    }

    init(_ error: any Error) {
        switch error {
        case let error as AccessError: self.init(access: error)
        case let error as Refusal: self.init(refusal: error)
        case let error as PostgresError: self.init(database: error)
        case let error as HTTPError: self.init(http: error)
        case is NIOTooManyBytesError:
            self.init(.contentTooLarge, "too_large", "The body is larger than this address takes.")
        case let error as KeyRefusal: self = error.failure
        case is ClaimLost: self = KeyRefusal.inProgress.failure
        case is HTTPParserError: self.init(.badRequest, "invalid", "The body of the request ended before its end.")
        case is CancellationError:
            self.init(.serviceUnavailable, "stopping", "The server is stopping. Try again.", headers: Self.soon)
        default: self.init(.internalServerError, "internal", Self.ours, cause: "\(error)")
        }
    }

    var level: Logger.Level {
        switch status.code {
        case 500: .error
        case 501...: .warning
        default: .debug
        }
    }

    func response(requestID: String) -> Response {
        var json = JSONWriter(capacity: 160)
        json.error(code, message, requestID: requestID)
        var response = Response(json, status: status)
        for header in headers { response.headers[header.name] = header.value }
        return response
    }

    private static let ours = "Something went wrong here. The log of the server tells what, under this request_id."
    private static let soon: HTTPFields = [.retryAfter: "1"]

    private init(access error: AccessError) {
        switch error {
        case .unauthenticated:
            self.init(
                .unauthorized, "unauthenticated", "Send a good token: Authorization: Bearer skep_…",
                headers: [.wwwAuthenticate: "Bearer"])
        case .notFound(let message): self.init(.notFound, "not_found", message)
        case .forbidden(let message): self.init(.forbidden, "forbidden", message)
        }
    }

    private init(refusal error: Refusal) {
        switch error {
        case .conflict(let message): self.init(.conflict, "conflict", message)
        case .invalid(let message): self.init(.badRequest, "invalid", message)
        case .unavailable(let message): self.init(.badGateway, "forge_unavailable", message, headers: Self.soon)
        }
    }

    private init(database error: PostgresError) {
        if error.isUnavailable || error.code == .timeout {
            self.init(
                .serviceUnavailable, "unavailable", "The database does not answer now. Try again.", headers: Self.soon,
                cause: "\(error)")
        } else {
            self.init(.internalServerError, "internal", Self.ours, cause: error.debugDescription)
        }
    }

    private static func code(of status: HTTPResponse.Status) -> String {
        switch status.code {
        case 406: "not_acceptable"
        case 416: "range_not_satisfiable"
        case 426: "upgrade_required"
        default: "invalid"
        }
    }

    private init(http error: HTTPError) {
        switch error.status {
        case .notFound: self.init(.notFound, "not_found", "There is nothing at this address.")
        case .contentTooLarge: self.init(.contentTooLarge, "too_large", "The body is larger than this address takes.")
        default:
            self.init(
                error.status, Self.code(of: error.status), error.body ?? error.status.reasonPhrase,
                headers: error.headers)
        }
    }
}

extension JSONWriter {
    /// The one form of all errors.
    mutating func error(_ code: String, _ message: String, requestID: String) {
        object { json in
            json.field("code", code)
            json.field("message", message)
            json.field("request_id", requestID)
        }
    }
}
