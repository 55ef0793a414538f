import AgentProtocol
import Builds
import Core
import HTTPTypes
package import Hummingbird
import Logging
import NIOCore
import Postgres
import Store

/// The outermost layer: what holds for every reply, whatever happened inside.
///
/// Every error becomes one JSON body with a status, a code, a message and the request's id, and is logged once, here. A method
/// that a known path does not have is 405 with `Allow`; OPTIONS is answered for every known path. Who asks too often goes no
/// further.
package struct Envelope: RouterMiddleware {
    package typealias Context = AppContext

    let methods: MethodTable
    let proxies: TrustedProxies
    let limits: RateLimits
    let requests: RequestMetrics
    /// Whether each request is logged.
    let logsAccess: Bool

    package func handle(
        _ request: Request, context: AppContext, next: (Request, AppContext) async throws -> Response
    ) async throws -> Response {
        let began = ContinuousClock.now
        var context = context
        context.credentials = request.credentials
        context.client = proxies.client(of: context.peer, request.headers)
        context.trace = request.headers[.traceparent].flatMap { TraceContext(traceparent: $0) }?.child ?? context.trace
        context.logger[metadataKey: "request.id"] = .string(context.requestID)
        context.logger[metadataKey: "trace.id"] = .string(context.trace.traceID)
        let admission = limits.admit(request, context)
        var response = await response(to: request, context, admission, next)
        limits.settle(admission, request, response.status)
        admission.verdict?.write(to: &response.headers)
        response.makeConditional(request)
        if !context.client.prefix.isEmpty, let link = response.headers[.link], link.hasPrefix("</") {
            response.headers[.link] = "<\(context.client.prefix)\(link.dropFirst())"
        }
        response.headers[.requestID] = context.requestID
        for field in context.client.isSecure ? ReplyHeaders.overTLS : ReplyHeaders.always
        where response.headers[field.name] == nil {
            response.headers.append(field)
        }
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-cache, private" }
        let duration = ContinuousClock.now - began
        requests.record(
            method: request.method.rawValue, pattern: context.route, status: response.status.code,
            duration: duration)
        if logsAccess { log(request, context, response.status, duration) }
        return response
    }

    /// Without the query: it may have a token in it.
    private func log(
        _ request: Request, _ context: AppContext, _ status: HTTPResponse.Status, _ duration: Duration
    ) {
        let parts = duration.components
        context.logger.info(
            "request",
            metadata: [
                "http.method": "\(request.method)", "http.path": "\(request.uri.path)",
                "http.route": "\(context.route ?? "")", "http.status": "\(status.code)",
                "duration_ms": .stringConvertible(parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000),
                "client": "\(context.remoteAddress)", "user": "\(context.sender.text ?? "")",
                "span.id": "\(context.trace.spanID)",
            ])
    }

    private func response(
        to request: Request, _ context: AppContext, _ admission: RateLimits.Admission,
        _ next: (Request, AppContext) async throws -> Response
    ) async -> Response {
        if let verdict = admission.verdict, admission.isRefused { return refusal(verdict.failure, request, context) }
        do {
            guard request.method != .options else { return try options(request) }
            return try await Origin.$current.withValue(
                Origin(requestID: context.requestID, address: context.remoteAddress)
            ) { try await next(request, context) }
        } catch {
            return refusal(failure(for: error, request), request, context)
        }
    }

    private func options(_ request: Request) throws -> Response {
        guard let allowed = methods.allowed(at: request.uri.path) else { throw HTTPError(.notFound) }
        return Response(status: .noContent, headers: [.allow: allowed])
    }

    private func refusal(_ failure: Failure, _ request: Request, _ context: AppContext) -> Response {
        context.logger.log(
            level: failure.level, "request failed",
            metadata: [
                "http.method": "\(request.method)", "http.path": "\(request.uri.path)",
                "http.status": "\(failure.status.code)",
                "error": "\(failure.cause ?? failure.message)",
            ])
        return failure.response(requestID: context.requestID)
    }

    private func failure(for error: any Error, _ request: Request) -> Failure {
        if let error = error as? HTTPError, error.status == .notFound,
            let allowed = methods.allowed(at: request.uri.path)
        {
            return Failure(
                .methodNotAllowed, "method_not_allowed", "\(request.method) is not possible here; \(allowed) are.",
                headers: [.allow: allowed])
        }
        return Failure(error)
    }
}

extension AppContext {
    /// The pattern of the route; nil: the address has none, which the router calls `NotFound`.
    fileprivate var route: String? { endpointPath.flatMap { $0 == "NotFound" ? nil : $0 } }
}

extension HTTPField.Name {
    // A name that is a token by RFC 9110, 5.1.
    // swift-format-ignore: NeverForceUnwrap
    static let requestID = HTTPField.Name("X-Request-Id")!
    // swift-format-ignore: NeverForceUnwrap
    static let traceparent = HTTPField.Name("traceparent")!
}
