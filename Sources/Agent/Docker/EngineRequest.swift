import FoundationEssentials
import NIOHTTP1

/// One call of the Engine API, before the engine's address and version are put in front.
struct EngineRequest: Sendable {
    var method: HTTPMethod
    /// Such as `/containers/create`; names in it are percent-encoded.
    var path: String
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    /// JSON; nil for none.
    var body: [UInt8]?

    init(_ method: HTTPMethod, _ path: String, query: [(name: String, value: String)] = []) {
        self.method = method
        self.path = path
        self.query = query
    }

    func sending(_ value: some Encodable) throws -> EngineRequest {
        var request = self
        request.body = Array(try JSONEncoder().encode(value))
        return request
    }

    var target: String {
        if query.isEmpty { return path }
        let pairs = query.map { "\($0.name)=\(PercentEncoding.encode($0.value))" }
        return path + "?" + pairs.joined(separator: "&")
    }

    /// As the API takes what to look for: `{"label": ["a=1", "b=2"]}`, all of which must hold.
    static func filters(labels: [String: String]) throws -> String {
        let wanted = ["label": labels.map { "\($0.key)=\($0.value)" }.sorted()]
        return String(decoding: try JSONEncoder().encode(wanted), as: UTF8.self)
    }
}
