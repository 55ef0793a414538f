import Foundation
import HTTPTypes
import TestSupport
import Testing

@testable import API

/// Whom a request comes from.
@Suite struct ProxyTests {
    private static let proxies = ["127.0.0.1", "10.0.0.0/8", "fd00::/8", "2001:db8:1::/48"]

    @Test(arguments: [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"), ("10.0.0.1", nil, "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"), ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.7", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"), ("fd12::1", "2001:db8::9", "2001:db8::9"),
        ("2001:db8:1:ffff::1", "198.51.100.1", "198.51.100.1"),
        ("2001:db8:2::1", "198.51.100.1", "2001:db8:2::1"), ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::9]:4711", "2001:db8::9"), ("10.0.0.1", "[2001:db8::9]", "2001:db8::9"),
        ("10.0.0.1", "\t198.51.100.1 \t", "198.51.100.1"), ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"), ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2, nonsense, 10.0.0.3", "10.0.0.3"),
        ("10.0.0.1", ",,,", "10.0.0.1"), ("10.0.0.1", "198.51.100.1,", "10.0.0.1"),
        ("10.0.0.1", "[", "10.0.0.1"), ("10.0.0.1", "[]", "10.0.0.1"), ("10.0.0.1", "]:80", "10.0.0.1"),
        ("10.0.0.1", "999.1.1.1", "10.0.0.1"), ("10.0.0.1", "1.2.3", "10.0.0.1"), ("10.0.0.1", "::1%lo", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1/32", "10.0.0.1"), ("10.0.0.1", "'; drop table users", "10.0.0.1"),
        ("10.0.0.1", "9223372036854775808", "10.0.0.1"), ("10.0.0.1", "[::1", "10.0.0.1"),
        ("10.0.0.1", "\u{FF11}.1.1.1", "10.0.0.1"),
    ])
    func theClientIsTheLastAddressThatIsNoProxys(peer: String, header: String?, client: String) throws {
        let found = try Self.client(peer, .xForwardedFor, header.map { [(.xForwardedFor, $0)] } ?? [])
        #expect(found.address == IPAddress(client), "\(String(describing: found.address))")
    }

    @Test(arguments: [
        ("10.0.0.1", "/ci", "/ci"), ("10.0.0.1", "/ci/", "/ci"), ("10.0.0.1", "/", ""), ("10.0.0.1", "ci", ""),
        ("10.0.0.1", "//elsewhere.example", ""), ("10.0.0.1", "/a>; rel=\"next\"", ""), ("10.0.0.1", nil, ""),
        ("203.0.113.9", "/ci", ""),
    ])
    func thePrefixIsATrustedProxys(peer: String, header: String?, prefix: String) throws {
        let headers = header.map { [(HTTPField.Name.xForwardedPrefix, $0)] } ?? []
        #expect(try Self.client(peer, .xForwardedFor, headers).prefix == prefix)
    }

    @Test func linksBeginWithThePrefix() async throws {
        var front = TestFront()
        front.proxies = try TrustedProxies(["127.0.0.1"])
        try await withServer(workers: false, front: front) { server in
            _ = try await server.user("other")
            let reply = try await server.request(
                "GET", "/api/users?limit=1", token: server.rootToken, headers: ["X-Forwarded-Prefix": "/ci"])
            #expect(reply.header("Link")?.hasPrefix("</ci/api/users?") == true)
        }
    }

    @Test func linesOfAHeaderAreOneList() throws {
        let lines: [(HTTPField.Name, String)] = [
            (.xForwardedFor, "1.1.1.1"), (.xForwardedFor, "198.51.100.1, 10.0.0.2"),
        ]
        #expect(try Self.client("10.0.0.1", .xForwardedFor, lines).address == IPAddress("198.51.100.1"))
        let many = Array(repeating: "10.0.0.2", count: 100_000).joined(separator: ",")
        #expect(try Self.client("10.0.0.1", .xForwardedFor, [(.xForwardedFor, many)]).address == IPAddress("10.0.0.2"))
    }

    @Test(arguments: [
        ("for=198.51.100.1", "198.51.100.1", false), ("For=\"[2001:db8::9]:4711\";Proto=https", "2001:db8::9", true),
        ("for=1.1.1.1;proto=https, for=198.51.100.1;by=10.0.0.1;proto=http", "198.51.100.1", false),
        ("for=198.51.100.1;host=\"a,b;c\\\"d\", for=10.0.0.4;proto=https", "198.51.100.1", true),
        ("for=_hidden", "10.0.0.1", false), ("for=unknown;proto=https", "10.0.0.1", true), ("for", "10.0.0.1", false),
        ("for=\"198.51.100.1", "10.0.0.1", false), (";;;", "10.0.0.1", false), ("=", "10.0.0.1", false),
        ("for=\"\\\"", "10.0.0.1", false), ("proto=https", "10.0.0.1", true),
    ])
    func forwardedIsReadToo(value: String, client: String, isSecure: Bool) throws {
        let found = try Self.client("10.0.0.1", .forwarded, [(.forwarded, value)])
        #expect(found.address == IPAddress(client) && found.isSecure == isSecure, "\(found)")
    }

    @Test func onlyTheChosenHeaderIsRead() throws {
        let both: [(HTTPField.Name, String)] = [
            (.xForwardedFor, "198.51.100.1"), (.forwarded, "for=198.51.100.2;proto=https"), (.xForwardedProto, "http"),
        ]
        #expect(try Self.client("10.0.0.1", .xForwardedFor, both).address == IPAddress("198.51.100.1"))
        #expect(try Self.client("10.0.0.1", .xForwardedFor, both).isSecure == false)
        #expect(try Self.client("10.0.0.1", .forwarded, both).address == IPAddress("198.51.100.2"))
        #expect(try Self.client("203.0.113.9", .forwarded, both) == .init(address: IPAddress("203.0.113.9")))
        for (proto, isSecure) in [("https", true), ("HTTPS", true), ("https, http", false), ("http,https", true)] {
            let found = try Self.client("10.0.0.1", .xForwardedFor, [(.xForwardedProto, proto)])
            #expect(found.isSecure == isSecure, "\(proto)")
        }
    }

    @Test(arguments: [
        "", "10.0.0.0/33", "::1/129", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "/8", "example.com", "10.0",
    ])
    func whatIsNoRangeIsRefused(text: String) {
        #expect(throws: TrustedProxies.InvalidAddress.self) { try TrustedProxies([text]) }
    }

    @Test func rangesCoverTheirAddresses() throws {
        for (range, inside, outside) in [
            ("10.1.2.3/8", "10.255.0.1", "11.0.0.1"), ("192.0.2.128/25", "192.0.2.200", "192.0.2.127"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"), ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("2001:db8::1", "2001:db8::1", "2001:db8::2"), ("fe80::/65", "fe80::7fff:0:0:1", "fe80::8000:0:0:1"),
            ("::ffff:10.0.0.0/104", "10.2.3.4", "11.2.3.4"),
        ] {
            let range = try #require(AddressRange(range))
            #expect(range.contains(try #require(IPAddress(inside))), "\(inside)")
            #expect(!range.contains(try #require(IPAddress(outside))), "\(outside)")
        }
        for text in ["192.0.2.1", "2001:db8::1", "::", "::1"] {
            #expect(IPAddress(text)?.description == text)
        }
        #expect(IPAddress("::ffff:192.0.2.1")?.description == "192.0.2.1")
        #expect(IPAddress("2001:db8:1:2:3::4")?.subscriber == IPAddress("2001:db8:1:2::"))
    }

    @Test func tokensAreLastUsedFromTheClientsAddress() async throws {
        for (trusted, address) in [([], "127.0.0.1"), (["127.0.0.0/8"], "198.51.100.1")] {
            var front = TestFront()
            front.proxies = try TrustedProxies(trusted)
            try await withServer(workers: false, front: front) { server in
                for value in [
                    "198.51.100.1", "\"); --, 198.51.100.1", String(repeating: "1,", count: 2000) + "198.51.100.1",
                ] {
                    let reply = try await server.request(
                        "GET", "/api/user", token: server.rootToken, headers: ["X-Forwarded-For": value])
                    #expect(reply.status == 200)
                }
                try await eventually {
                    let tokens = try await server.get("/api/user/tokens", token: server.rootToken).array()
                    return tokens.first?["last_used_address"] as? String == address
                }
            }
        }
    }

    private static func client(
        _ peer: String, _ header: TrustedProxies.Header, _ fields: [(HTTPField.Name, String)]
    ) throws -> TrustedProxies.Client {
        var headers = HTTPFields()
        for (name, value) in fields { headers.append(HTTPField(name: name, value: value)) }
        let peer = try #require(IPAddress(peer))
        return try TrustedProxies(proxies, header: header).client(of: peer, headers)
    }
}
