import Foundation
import TestSupport
import Testing

/// Members of tenants.
@Suite struct MemberTests {
    @Test func rolesDecideAtOnce() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            _ = try await server.repo("acme/app")
            let bob = try await server.user("bob")
            #expect(try await server.get("/api/repos/acme/app", token: bob).status == 404)
            for (role, patched) in [("read", 403), ("write", 200), ("admin", 200)] {
                let put = try await server.request(
                    "PUT", "/api/tenants/acme/members/BOB", token: people.admin, json: #"{"role":"\#(role)"}"#)
                #expect(put.status == 200 && put.text == #"{"login":"bob","role":"\#(role)"}"#)
                #expect(try await server.get("/api/tenants/acme/members/bob", token: people.reader).text == put.text)
                #expect(try await server.get("/api/repos/acme/app", token: bob).status == 200)
                #expect(try await server.request("PATCH", "/api/repos/acme/app", token: bob).status == patched)
            }
            #expect(
                try await server.request("DELETE", "/api/tenants/acme/members/bob", token: people.admin).status == 204)
            #expect(
                try await server.request("DELETE", "/api/tenants/acme/members/bob", token: people.admin).status == 404)
            #expect(try await server.get("/api/repos/acme/app", token: bob).status == 404)
            #expect(try await server.get("/api/tenants/acme/members", token: bob).status == 404)
        }
    }

    @Test func membersAreListedInPages() async throws {
        try await withServer(workers: false) { server in
            let people = try await People(server)
            let members = try await server.pages("/api/tenants/acme/members?limit=2", token: people.reader)
            #expect(members.map { $0["login"] as? String } == ["owner", "reader", "writer"])
            #expect(members.map { $0["role"] as? String } == ["admin", "read", "write"])
        }
    }

    @Test func aTenantComesToBeWithItsFirstMember() async throws {
        try await withServer(workers: false) { server in
            let bob = try await server.user("bob")
            let root = server.rootToken
            #expect(try await server.get("/api/tenants/new/members", token: root).status == 404)
            #expect(
                try await server.request("PUT", "/api/tenants/new/members/bob", token: bob, json: #"{"role":"admin"}"#)
                    .status == 404)
            #expect(
                try await server.request(
                    "PUT", "/api/tenants/new/members/nobody", token: root, json: #"{"role":"admin"}"#
                ).status == 404)
            #expect(try await server.get("/api/tenants/new/members", token: root).status == 404)
            #expect(
                try await server.request("PUT", "/api/tenants/new/members/bob", token: root, json: #"{"role":"admin"}"#)
                    .status == 200)
            #expect(try await server.get("/api/tenants/new/members", token: bob).array().count == 1)
            try await server.git.create("new/app")
            #expect(try await server.request("POST", "/api/repos/new/app", token: bob).status == 200)
            for name in ["a%2Fb", "no:such", "..", "-x"] {
                let reply = try await server.request(
                    "PUT", "/api/tenants/\(name)/members/bob", token: root, json: #"{"role":"read"}"#)
                #expect(reply.status == 404, "\(name): \(reply.text)")
            }
        }
    }
}
