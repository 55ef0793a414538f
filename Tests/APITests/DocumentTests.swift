import API
import Foundation
import Reference
import TestSupport
import Testing

/// docs/openapi.yaml says what the router and docs/api.md say.
@Suite struct DocumentTests {
    @Test func everyRouteIsInTheDocumentAndNoOther() async throws {
        let document = try Document()
        try await withServer(workers: false) { server in
            let routes = Routes.list(in: Routes(engine: server.engine, newestMigration: 1).router())
            #expect(Set(routes.map { "\($0.method) \($0.path)" }) == Set(document.operations.map(\.route)))
            #expect(routes.count == document.operations.count)
        }
    }

    @Test func parametersOfThePathAreThoseOfTheRouter() throws {
        for operation in try Document().operations {
            let inPath = operation.parameters.filter { $0["in"] as? String == "path" }
            let names = operation.path.split(separator: "/").filter { $0.hasPrefix("{") }.map {
                String($0.dropFirst().dropLast())
            }
            #expect(inPath.map { $0["name"] as? String } == names, "\(operation.route)")
            #expect(inPath.allSatisfy { $0["required"] as? Bool == true }, "\(operation.route)")
        }
    }

    /// The level that an operation asks for is the least that the table lets in, and every status of the table is documented.
    @Test func guardsAndStatusesAreThoseOfTheTable() throws {
        let table = try AccessTable.read()
        let document = try Document()
        for row in table.rows {
            let operation = try #require(document.operations.first { $0.route == row.route }, "\(row.route)")
            #expect(Set(row.expected.values.map(String.init)).isSubset(of: operation.statuses), "\(row.route)")
            guard !operation.isForAgents else { continue }
            func isLetIn(_ caller: String) -> Bool { row.expected[caller].map { $0 < 300 } ?? false }
            let least = ["read", "write", "admin", "administrator"].first(where: isLetIn)
            // In the table all callers have tokens that may do everything their users may.
            let level = operation.level == "account" ? "read" : operation.level
            #expect(level == (isLetIn("nobody") ? nil : least), "\(row.route)")
            if operation.level != nil { #expect(operation.isPublic == isLetIn("public: nobody"), "\(row.route)") }
        }
    }

    @Test func everyOperationSaysWhatItCanAnswer() throws {
        let document = try Document()
        let ids = document.operations.map(\.id)
        #expect(Set(ids).count == ids.count && !ids.contains(""))
        for operation in document.operations {
            #expect(!operation.statuses.contains("default"), "\(operation.route)")
            #expect(operation.statuses.isSuperset(of: ["408", "431", "500", "503"]), "\(operation.route)")
            #expect(operation.statuses.contains { $0 < "300" }, "\(operation.route)")
        }
    }

    @Test func itIsServedAsJSONAndAsAPage() async throws {
        try await withServer(workers: false) { server in
            let json = try await server.get("/openapi.json", token: nil)
            #expect(json.status == 200 && json.header("Content-Type") == "application/json; charset=utf-8")
            #expect(json.text == APIDocument.json && json.header("ETag") != nil)
            let page = try await server.get("/docs", token: nil)
            #expect(page.status == 200 && page.header("Content-Type") == "text/html; charset=utf-8")
            let policy = page.headers.filter { $0.name.lowercased() == "content-security-policy" }.map(\.value)
            #expect(policy.count == 1 && policy[0].hasPrefix("default-src 'none'; style-src 'sha256-"))
            for operation in try Document().operations {
                #expect(page.text.contains("<section id=\"\(operation.id)\">"), "\(operation.route)")
            }
            for word in ["<script", "src=", "http-equiv", "<link", "@import"] { #expect(!page.text.contains(word)) }
        }
    }
}

/// The document, as far as the tests look at it.
private struct Document {
    struct Operation {
        var route: String
        var path: String
        var parameters: [[String: Any]]
        var fields: [String: Any]

        var id: String { fields["operationId"] as? String ?? "" }
        var statuses: Set<String> { Set((fields["responses"] as? [String: Any] ?? [:]).keys) }
        private var security: [[String: [String]]] { fields["security"] as? [[String: [String]]] ?? [] }
        var isForAgents: Bool { security.contains { $0["agentToken"] != nil } }
        var isPublic: Bool { security.contains([:]) }
        /// nil: for everybody.
        var level: String? { security.lazy.compactMap { $0["token"]?.first }.first }
    }

    let operations: [Operation]

    init() throws {
        let text = Data(APIDocument.json.utf8)
        let root = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
        func resolved(_ value: [String: Any]) -> [String: Any] {
            guard let reference = value["$ref"] as? String else { return value }
            let found = reference.split(separator: "/").dropFirst().reduce(root as Any?) { node, name in
                (node as? [String: Any])?[String(name)]
            }
            return found as? [String: Any] ?? [:]
        }
        let paths = try #require(root["paths"] as? [String: [String: Any]])
        operations = paths.flatMap { path, item in
            let shared = item["parameters"] as? [[String: Any]] ?? []
            return item.filter { $0.key != "parameters" }.map { method, fields in
                let fields = fields as? [String: Any] ?? [:]
                let own = fields["parameters"] as? [[String: Any]] ?? []
                return Operation(
                    route: "\(method.uppercased()) \(path)", path: path, parameters: (shared + own).map(resolved),
                    fields: fields)
            }
        }
    }
}
