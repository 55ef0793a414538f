import Foundation
import TestSupport
import Testing

/// Replies have the documented fields, in the documented order and of the documented types; ours come after.
@Suite struct ShapeTests {
    private static let oursOfRepo = ["path", "priority", "max_running", "cancel_pushes", "cancel_pulls", "approval"]

    private static let repo: [Field] = [
        .int("id"), .string("scm"), .string("owner"), .string("name"), .string("full_name"), .string("avatar_url"),
        .string("link_url"), .string("clone_url"), .string("default_branch"), .int("timeout"), .bool("private"),
        .bool("trusted"), .bool("allow_pr"), .bool("allow_push"), .bool("allow_deploys"), .bool("allow_tags"),
    ]
    private static let build: [Field] = [
        .int("id"), .int("number"), .string("event"), .string("status"), .int("created_at"), .int("enqueued_at"),
        .int("started_at"), .int("finished_at"), .string("commit"), .string("branch"), .string("ref"),
        .string("remote"),
        .string("message"), .int("timestamp"), .string("author"), .string("author_avatar"), .string("author_email"),
        .string("link_url"), .array("jobs"),
    ]
    private static let job: [Field] = [
        .int("id"), .int("number"), .string("status"), .int("enqueued_at"), .int("started_at"), .int("finished_at"),
        .int("exit_code"), .object("environment"),
    ]
    private static let user: [Field] = [
        .int("id"), .string("login"), .string("email"), .string("avatar_url"), .bool("admin"), .bool("active"),
    ]

    @Test func documentedEndpointsAnswerInTheDocumentedShape() async throws {
        try await withServer { server in
            let (repo, build, job, user) = (Self.repo, Self.build, Self.job, Self.user)
            _ = try await server.builtRepo("acme/app")
            try await server.git.create("acme/new")
            let path = "/api/repos/acme/app"
            let root = server.rootToken
            for (method, path, body, status) in [
                ("GET", path, nil, 200), ("POST", "/api/repos/acme/new", nil, 200),
                (
                    "PATCH", path, #"{"timeout":60,"private":false,"trusted":false,"allow_pr":true,"allow_push":true}"#,
                    200
                ),
            ] {
                let reply = try await server.request(method, path, token: root, json: body)
                #expect(reply.status == status && reply.header("Content-Type") == "application/json; charset=utf-8")
                try Shape(reply.text).check(repo, then: Self.oursOfRepo)
            }
            for path in ["\(path)/builds/1", "\(path)/builds/latest"] {
                let shape = Shape(try await server.get(path, token: root).text)
                try shape.check(
                    build, then: ["deploy_to", "refspec", "title", "parent", "error", "approval", "approval_by"])
                try shape.element("jobs").check(job, then: ["error", "attempt", "steps"])
            }
            let list = Shape(try await server.get("\(path)/builds", token: root).text)
            try list.element(nil).check(
                build, then: ["deploy_to", "refspec", "title", "parent", "error", "approval", "approval_by"])
            let restarted = try await server.request("POST", "\(path)/builds/1", token: root)
            #expect(restarted.status == 202)
            try Shape(restarted.text).check(
                build, then: ["deploy_to", "refspec", "title", "parent", "error", "approval", "approval_by"])
            for (method, path, status) in [
                ("GET", "/api/user", 200), ("PATCH", "/api/user", 200), ("POST", "/api/users/new", 201),
                ("GET", "/api/users/new", 200), ("PATCH", "/api/users/new", 200),
            ] {
                let reply = try await server.request(method, path, token: root)
                #expect(reply.status == status)
                try Shape(reply.text).check(user, then: ["created_at", "kind"])
            }
            try Shape(try await server.get("/api/users", token: root).text).element(nil).check(
                user, then: ["created_at", "kind"])
            for path in ["/api/users/new", path] {
                let reply = try await server.request("DELETE", path, token: root)
                #expect(reply.status == 204 && reply.body.isEmpty)
            }
        }
    }

    @Test func ownRepositoriesAreAnArray() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            #expect(try await server.get("/api/user/repos", token: people.reader).text == "[]")
            _ = try await server.repo("acme/zeta")
            _ = try await server.repo("acme/alpha")
            _ = try await server.repo("other/mine")
            let reply = try await server.get("/api/user/repos", token: people.reader)
            #expect(try reply.array().map { $0["full_name"] as? String } == ["acme/alpha", "acme/zeta"])
            try Shape(reply.text).element(nil).check(Self.repo, then: Self.oursOfRepo)
            #expect(try await server.get("/api/user/repos", token: people.outsider).text == "[]")
        }
    }
}

private struct Field {
    enum Kind { case int, string, bool, array, object }
    var name: String
    var kind: Kind

    static func int(_ name: String) -> Field { Field(name: name, kind: .int) }
    static func string(_ name: String) -> Field { Field(name: name, kind: .string) }
    static func bool(_ name: String) -> Field { Field(name: name, kind: .bool) }
    static func array(_ name: String) -> Field { Field(name: name, kind: .array) }
    static func object(_ name: String) -> Field { Field(name: name, kind: .object) }

    /// By the first byte of the value as it is written.
    func fits(_ value: Substring) -> Bool {
        switch kind {
        case .int: Int64(value) != nil
        case .string: value.hasPrefix("\"")
        case .bool: value == "true" || value == "false"
        case .array: value.hasPrefix("[")
        case .object: value.hasPrefix("{")
        }
    }
}

/// JSON as it was written: a reader would lose the order of fields.
private struct Shape {
    let text: Substring

    init(_ text: String) { self.text = text[...] }
    init(_ text: Substring) { self.text = text }

    func check(_ documented: [Field], then ours: [String]) throws {
        let members = try members()
        #expect(members.map(\.name) == documented.map(\.name) + ours)
        for (field, member) in zip(documented, members) {
            #expect(field.fits(member.value), "\(field.name) is \(member.value)")
        }
    }

    /// The first element of an array, itself the value or that of a field.
    func element(_ name: String?) throws -> Shape {
        let array = try name.map { name in try #require(try members().first { $0.name == name }?.value) } ?? text
        return Shape(try #require(Self.split(array.dropFirst().dropLast()).first))
    }

    private func members() throws -> [(name: String, value: Substring)] {
        try #require(text.hasPrefix("{") && text.hasSuffix("}"), "no object: \(text)")
        return try Self.split(text.dropFirst().dropLast()).map { member in
            let colon = try #require(member.firstIndex(of: ":"))
            return (String(member[..<colon].dropFirst().dropLast()), member[member.index(after: colon)...])
        }
    }

    /// Splits at commas that are in no string, array or object.
    private static func split(_ text: Substring) -> [Substring] {
        var (parts, depth, isInString, isEscaped, start) = ([Substring](), 0, false, false, text.startIndex)
        for index in text.indices {
            let character = text[index]
            if isInString {
                isInString = isEscaped || character != "\""
                isEscaped = !isEscaped && character == "\\"
                continue
            }
            switch character {
            case "\"": isInString = true
            case "[", "{": depth += 1
            case "]", "}": depth -= 1
            case "," where depth == 0:
                parts.append(text[start..<index])
                start = text.index(after: index)
            default: break
            }
        }
        return parts + (start < text.endIndex ? [text[start...]] : [])
    }
}
