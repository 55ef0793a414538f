import AsyncHTTPClient
import Foundation
import NIOCore
import NIOFoundationCompat
import NIOHTTP1
import Sealing
import TestSupport
import Testing

/// Everything the program prints at trace level, and every file it writes, has no secret and no token in it.
@Suite struct LeakTests {
    @Test func noSecretIsLoggedOrLeftInAFile() async throws {
        try await DevData.withFolder { data in
            let dev = try await DevProcess(data, arguments: ["--log-level", "trace"])
            let walk = LeakWalk(dev, data)
            try await walk.useSecrets()
            try await walk.useTokens()
            try await walk.sendThemToWrongPlaces()
            try await walk.deleteThings()
            let secrets = try walk.secrets
            #expect(try await dev.interrupt() == 0)
            #expect(secrets.count > 12)

            let found = try FileSearch.search(data.path, for: secrets + [walk.canary], except: data.path + "/work/")
            var allowed = [
                "\(data.path)/admin-token": [dev.token], "\(data.path)/agent-token": [walk.agentToken],
                "\(data.path)/keyring": [walk.key], walk.hookFile: [walk.hookSecret],
            ]
            // Said once, for people to copy.
            for file in found.keys where file.contains("/output-") { allowed[file] = [dev.token] }
            for (file, texts) in found {
                let leaked = texts.subtracting(allowed[file] ?? []).subtracting([walk.canary])
                #expect(leaked == [], "\(file)")
            }
            // The canary is no secret: that it is found shows that logs and files are looked through.
            #expect(found[data.log]?.contains(walk.canary) == true)
            #expect(found.contains { $0.key != data.log && $0.value.contains(walk.canary) })
            #expect(found["\(data.path)/admin-token"] == [dev.token])
            let log = try String(contentsOfFile: data.log, encoding: .utf8)
            #expect(log.contains(" debug ") && log.contains("skep_…"))
        }
    }
}

/// Uses secrets and tokens in every way there is, right and wrong.
private final class LeakWalk {
    let dev: DevProcess
    let data: DevData
    let canary = "canary-\(UUID().uuidString.lowercased())"
    let agentToken: String
    let key: String
    private(set) var hookSecret = ""
    private var seen: [String] = []

    private var repo: String { "octocat/\(canary)" }
    private var path: String { "/api/repos/\(repo)" }
    var hookFile: String { "\(data.path)/git/\(repo).git/skep/hook.json" }

    init(_ dev: DevProcess, _ data: DevData) {
        self.dev = dev
        self.data = data
        func text(_ file: String) -> String {
            let text = (try? String(contentsOfFile: "\(data.path)/\(file)", encoding: .utf8)) ?? ""
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        agentToken = text("agent-token")
        key = String(text("keyring").split(separator: " ").last ?? "")
    }

    /// Every one, none of them empty.
    var secrets: [String] {
        get throws {
            let all = seen + [dev.token, agentToken, key, hookSecret]
            for secret in all { try #require(secret.count >= 12) }
            return all
        }
    }

    private func newSecret() -> String {
        let secret = "s3cret-\(UUID().uuidString)"
        seen.append(secret)
        return secret
    }

    /// Named secrets, `.drone.sec`, and a job that gets them and its own token.
    func useSecrets() async throws {
        try await data.forge.create(repo)
        #expect(try await send("POST", path).status == 200)
        let hook = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: hookFile)))
        hookSecret = (hook as? [String: Any])?["secret"] as? String ?? ""
        for place in [path, "/api/tenants/octocat"] {
            let name = place == path ? "of_repo" : "of_tenant"
            let made = try await send(
                "POST", "\(place)/secrets", body: #"{"name":"\#(name)","value":"\#(newSecret())"}"#)
            #expect(made.status == 201)
            let changed = try await send("PATCH", "\(place)/secrets/\(name)", body: #"{"value":"\#(newSecret())"}"#)
            #expect(changed.status == 200)
        }
        let sealed = try await send("POST", "\(path)/encrypt", body: "environment: {IN_FILE: \(newSecret())}\n")
        #expect(sealed.status == 200)
        let file = """
            build:
              image: busybox
              environment: {A: {from_secret: of_repo}, B: {from_secret: of_tenant}, IN_FILE: {from_secret: IN_FILE}}
              commands:
                - test -n "$A" && test -n "$B" && test -n "$IN_FILE" && echo all opened
                - printf %s "$CI_TOKEN" | sed 's/./&./g'
            """
        try await data.forge.commit([".drone.yml": file, ".drone.sec": sealed.text], to: repo)
        #expect(try await dev.ended(repo, 1)["status"] as? String == "success")
        let log = try await send("GET", "\(path)/logs/1/1").text
        #expect(log.contains("\nall opened\n"))
        // The job's own token, the only way out for it: with a dot behind each character.
        let token = String(log.split(separator: "\n").last ?? "").replacingOccurrences(of: ".", with: "")
        #expect(token.hasPrefix("skepj_"))
        seen.append(token)
    }

    func useTokens() async throws {
        for name in ["one", "two"] {
            let made = try await send("POST", "/api/user/tokens", body: #"{"name":"\#(name)"}"#)
            let object = try JSONSerialization.jsonObject(with: Data(made.text.utf8)) as? [String: Any]
            let token = try #require(object?["token"] as? String)
            seen.append(token)
            #expect(try await send("GET", "/api/user?access_token=\(token)", token: nil).status == 200)
            #expect(try await send("GET", "\(path)/builds?limit=1&access_token=\(token)", token: nil).status == 200)
            #expect(try await send("GET", "/api/users?limit=1&access_token=\(token)", token: nil).status == 200)
            if name == "one" { continue }
            let id = try #require(object?["id"] as? Int)
            #expect(try await send("DELETE", "/api/user/tokens/\(id)", token: token).status == 204)
            #expect(try await send("GET", "/api/user", token: token).status == 401)
            #expect(try await send("GET", "/api/user?access_token=\(token)", token: nil).status == 401)
        }
    }

    func sendThemToWrongPlaces() async throws {
        let token = seen.last ?? ""
        let encoded = token.replacingOccurrences(of: "_", with: "%5F")
        let secret = newSecret()
        for (method, address, body, status) in [
            ("GET", "/api/users/\(token)", nil, 404), ("GET", "/api/users/\(encoded)", nil, 404),
            ("GET", "/api/repos/\(token)/\(token)", nil, 404), ("GET", "/api/\(token)", nil, 404),
            ("PUT", "/api/tenants/octocat/members/\(token)", #"{"role":"read"}"#, 404),
            ("GET", "/api/tenants/\(token)", nil, 404), ("GET", "\(path)/builds?limit=\(token)", nil, 400),
            ("GET", "\(path)/builds/\(token)", nil, 400), ("DELETE", "/api/user/tokens/\(token)", nil, 400),
            ("POST", "/api/users", #"{"login":"a","email":"\#(secret)"}"#, 400),
            ("POST", "\(path)/secrets", #"{"name":"\#(secret)","value":"long enough"}"#, 400),
            ("POST", "\(path)/secrets", #"{"name":"A","value":["\#(secret)"]}"#, 400),
            ("POST", "\(path)/secrets", #"{"name":"A","value":"\#(secret)"#, 400),
            ("POST", "\(path)/encrypt", "- [\(secret)\n", 400), ("PATCH", "/api/user", #"{"email":"\#(token)"}"#, 400),
            ("POST", "/agent/v1/claim", #"{"agent":"\#(secret)"}"#, 401), ("POST", "/hook", secret, 400),
            ("GET", "/api/repos/octocat/missing-\(canary)", nil, 404),
        ] as [(String, String, String?, Int)] {
            #expect(try await send(method, address, body: body).status == status, "\(method) \(address)")
        }
        for header in [
            "Basic \(token)", "Token token=\(token)", "Bearer \(token.dropLast())", token, "Bearer \(agentToken)",
        ] {
            let reply = try await send("GET", "/api/user", token: nil, headers: ["Authorization": header])
            #expect(reply.status == 401, "\(header)")
        }
        let headers = [
            "X-Token": token, "Cookie": "user_sess=\(token)", "X-Skep-Signature-256": "sha256=\(hookSecret)",
        ]
        #expect(try await send("POST", "/hook", token: nil, headers: headers, body: "{}").status == 400)
        let claim = #"{"agent":"x","labels":{},"slots":1,"wait":0,"version":1}"#
        #expect(
            try await send(
                "POST", "/agent/v1/claim",
                token: String(agentToken.dropLast()) + (agentToken.hasSuffix("0") ? "1" : "0"), body: claim
            ).status
                == 401)
    }

    func deleteThings() async throws {
        #expect(try await send("POST", "\(path)/key").status == 200)
        #expect(try await send("DELETE", "\(path)/secrets/of_repo").status == 204)
        let audit = try await send("GET", "/api/audit?limit=100").text
        for secret in try secrets { #expect(!audit.contains(secret)) }
        #expect(audit.contains("secret.update"))
    }

    private func send(
        _ method: String, _ path: String, headers: [String: String] = [:], body: String? = nil
    ) async throws -> (status: Int, text: String) {
        try await send(method, path, token: dev.token, headers: headers, body: body)
    }

    private func send(
        _ method: String, _ path: String, token: String?, headers: [String: String] = [:], body: String? = nil
    ) async throws -> (status: Int, text: String) {
        var request = HTTPClientRequest(url: dev.url + path)
        request.method = HTTPMethod(rawValue: method)
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let body { request.body = .bytes(ByteBuffer(string: body)) }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 24))
        return (Int(response.status.code), text)
    }
}

/// Looks for texts in files, whatever else is in those.
private enum FileSearch {
    /// Which of `texts` each file below `folder` has; files that have none are left out.
    static func search(_ folder: String, for texts: [String], except skipped: String) throws -> [String: Set<String>] {
        var found: [String: Set<String>] = [:]
        let files = FileManager.default.enumerator(atPath: folder)
        while let name = files?.nextObject() as? String {
            let path = "\(folder)/\(name)"
            guard !path.hasPrefix(skipped), let data = FileManager.default.contents(atPath: path) else { continue }
            let hits = texts.filter { data.range(of: Data($0.utf8)) != nil }
            if !hits.isEmpty { found[path] = Set(hits) }
        }
        return found
    }
}
