import Builds
import Core
import HTTPTypes
import Hummingbird
import LogStream
import NIOCore
import Store

/// Logs of jobs.
struct LogController: Sendable {
    let engine: Engine

    /// The log as text. Range requests get the text itself; others one gzip stream where they accept it.
    func get(_ request: Request, _ context: ReadContext) async throws -> Response {
        var wanted = LogRequest(
            build: try context.number("number"), job: try context.number("job"),
            attempt: try request.integer("attempt", in: 1...Int.max))
        let range = request.headers[.range].flatMap { ByteRange(header: $0) }
        guard var log = try await engine.store.readLog(context.scope, wanted) else { return .log(ResponseBody()) }
        if let step = request.query("step") {
            wanted.step = try await number(ofStep: step, log)
            guard let ofStep = try await engine.store.readLog(context.scope, wanted) else {
                return .log(ResponseBody())
            }
            log = ofStep
        }
        let source = LogSource(store: engine.store, log: log, step: wanted.step)
        if let range, wanted.step == nil { return try ranged(range, source) }
        return try await whole(request, source)
    }

    private func number(ofStep step: String, _ log: LogPage) async throws -> Int {
        guard let number = try await engine.store.stepNumber(attemptID: log.attemptID, step) else {
            throw AccessError.notFound("The job has no step \(step).")
        }
        return number
    }

    func cancel(_ request: Request, _ context: PushContext) async throws -> Response {
        try await engine.cancelJob(context.access, build: try context.number("number"), job: try context.number("job"))
        return Response(status: .noContent)
    }

    private func whole(_ request: Request, _ source: LogSource) async throws -> Response {
        guard let coding = ContentCoding.preferred(acceptEncoding: request.headers[.acceptEncoding]) else {
            throw HTTPError(
                .notAcceptable, message: "The log can be had as it is or as gzip, and Accept-Encoding refuses both.")
        }
        let tag = source.tag(coding)
        if source.log.isComplete, request.headers[.ifNoneMatch]?.contains(tag) == true {
            return Response(status: .notModified, headers: [.eTag: tag, .vary: "Accept-Encoding"])
        }
        let body = coding == .gzip ? source.gzip : source.text
        let length = coding == .gzip ? nil : source.textLength
        var response = Response.log(source.isAllHere ? try await body.collected() : body.responseBody(length: length))
        if coding == .gzip { response.headers[.contentEncoding] = "gzip" }
        response.headers[.eTag] = tag
        return response
    }

    private func ranged(_ range: ByteRange, _ source: LogSource) throws -> Response {
        let size = source.log.size
        switch range.resolve(size: size, isComplete: source.log.isComplete) {
        case .unsatisfiable(let contentRange):
            throw HTTPError(
                .rangeNotSatisfiable, headers: [.contentRange: contentRange, .vary: "Accept-Encoding"],
                message: "The log has \(size) bytes, and the range starts behind them or asks for none.")
        case .slice(let bytes, let contentRange):
            var response = Response.log(source.text(of: bytes).responseBody(length: bytes.count))
            response.status = .partialContent
            response.headers[.contentRange] = contentRange
            response.headers[.eTag] = source.tag(.identity)
            return response
        }
    }
}

extension Response {
    fileprivate static func log(_ body: ResponseBody) -> Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "text/plain; charset=utf-8", .vary: "Accept-Encoding", .acceptRanges: "bytes",
            ],
            body: body)
    }
}
