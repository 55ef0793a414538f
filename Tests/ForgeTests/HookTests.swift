import Core
import Foundation
import Sealing
import Testing

@testable import Forge

/// What the collection of real bodies does not hold, with bodies made for it.
@Suite struct HookTests {
    private static let one = String(repeating: "1", count: 40)
    private static let two = String(repeating: "2", count: 40)
    private static let zeros = String(repeating: "0", count: 40)
    private let secret = String(repeating: "ab", count: 32)

    private func github(_ event: String, _ fields: String) -> HookRequest {
        let body = #"{"repository":{"id":7,"full_name":"octo/hello"},\#(fields)}"#
        return HookRequest(
            headers: [("X-GitHub-Event", event), ("X-GitHub-Delivery", "d-1")], body: Array(body.utf8))
    }

    private func gitlab(_ fields: String, _ headers: [(String, String)] = [("Idempotency-Key", "k-1")]) -> HookRequest {
        let body = #"{"project":{"id":9,"path_with_namespace":"top/sub/deep/name"},\#(fields)}"#
        return HookRequest(headers: [("X-Gitlab-Event", "Push Hook")] + headers, body: Array(body.utf8))
    }

    @Test func theVectorOfGitHubsDocumentation() throws {
        let code = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        let request = HookRequest(
            headers: [("X-Hub-Signature-256", "sha256=\(code)")], body: Array("Hello, World!".utf8))
        #expect(throws: Never.self) {
            try request.verify(
                [("X-Hub-Signature-256", "sha256=")], over: request.body, secret: "It's a Secret to Everybody")
        }
    }

    /// GitHub signs the form itself, Gitea the text in it.
    @Test func formsAreSignedInTwoWays() throws {
        let json = #"{"repository":{"id":7,"full_name":"octo/hello"},"zen":"a+b & ü"}"#
        let escaped = json.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let body = Array("payload=\(escaped)".utf8)
        let type = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
        let raw = HMAC.sha256(key: secret.utf8, data: body).hex
        let inner = HMAC.sha256(key: secret.utf8, data: json.utf8).hex
        let github = HookRequest(
            headers: [type, ("X-GitHub-Event", "ping"), ("X-Hub-Signature-256", "sha256=\(raw)")], body: body)
        #expect(try GitHubHooks(forge: nil).parse(github, secret: secret) == .ignored(reason: "ping"))
        let gitea = HookRequest(
            headers: [type, ("X-Gitea-Event", "ping"), ("X-Gitea-Signature", inner)], body: body)
        #expect(try GiteaHooks(forge: nil).parse(gitea, secret: secret) == .ignored(reason: "ping"))
        for signature in ["", inner.dropLast(), "sha256=\(inner)", raw, "zz"] as [any StringProtocol] {
            let wrong = HookRequest(
                headers: [type, ("X-Gitea-Event", "ping"), ("X-Gitea-Signature", String(signature))], body: body)
            #expect(throws: HookError.badSignature) { _ = try GiteaHooks(forge: nil).parse(wrong, secret: secret) }
        }
    }

    @Test func anEmptySecretVerifiesNothing() throws {
        let request = github("ping", #""zen":"""#)
        var signed = request
        signed.headers.append(
            (name: "X-Hub-Signature-256", value: "sha256=\(HMAC.sha256(key: [], data: request.body).hex)"))
        #expect(throws: HookError.badSignature) { _ = try GitHubHooks(forge: nil).parse(signed, secret: "") }
        let token = gitlab(#""object_kind":"push""#, [("X-Gitlab-Token", "")])
        #expect(throws: HookError.badSignature) { _ = try GitLabHooks(forge: nil).parse(token, secret: "") }
    }

    @Test func identifiesByIdAndPath() throws {
        let identity = try GitHubHooks(forge: "hub").identify(github("push", #""ref":"refs/heads/main""#))
        #expect(
            identity
                == HookIdentity(
                    repo: RepoPath(forge: "hub", owner: "octo", name: "hello"), forgeRepoID: "7", deliveryID: "d-1",
                    event: "push"))
        let deep = try GitLabHooks(forge: nil).identify(gitlab(#""object_kind":"push""#))
        #expect(deep.repo == RepoPath(forge: nil, owner: "top/sub/deep", name: "name"))
        #expect(deep.deliveryID == "k-1")
    }

    @Test func whatNamesNothingIsMalformed() throws {
        let hooks = GitHubHooks(forge: nil)
        let bodies = [
            "", "[]", "{}", "{", #"{"repository":{"id":1}}"#, #"{"repository":{"id":1,"full_name":"../etc"}}"#,
        ]
        for body in bodies {
            let request = HookRequest(
                headers: [("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "d")], body: Array(body.utf8))
            #expect(throws: HookError.self, "\(body)") { _ = try hooks.identify(request) }
        }
        for name in ["X-GitHub-Event", "X-GitHub-Delivery"] {
            var request = github("push", #""ref":"refs/heads/main""#)
            request.headers.removeAll { $0.name == name }
            #expect(throws: HookError.malformed("the header \(name) is missing, or not 1 to 100 printable characters"))
            {
                _ = try hooks.identify(request)
            }
        }
    }

    /// Hooks set off by hooks share the id of the event, and differ in what they tell.
    @Test func anOlderGitLabsDeliveriesDifferByTheirBodies() throws {
        let hooks = GitLabHooks(forge: nil)
        let header = [("X-Gitlab-Event-UUID", "u-1")]
        let first = try hooks.identify(gitlab(#""object_kind":"push","ref":"a""#, header)).deliveryID
        let second = try hooks.identify(gitlab(#""object_kind":"push","ref":"b""#, header)).deliveryID
        let again = try hooks.identify(gitlab(#""object_kind":"push","ref":"a""#, header)).deliveryID
        #expect(first != second)
        #expect(first == again)
        #expect(throws: HookError.self) { _ = try hooks.identify(gitlab(#""object_kind":"push""#, [])) }
    }

    @Test func gitLabVerifiesByTokenOrSignature() throws {
        let hooks = GitLabHooks(forge: nil)
        let fields = #""object_kind":"note""#
        let ignored = HookEvent.ignored(reason: "note is not an event that Skep builds")
        #expect(try hooks.parse(gitlab(fields, [("X-Gitlab-Token", secret)]), secret: secret) == ignored)
        let body = gitlab(fields).body
        let token = GitLabHooks.signingToken(secret)
        let key = try #require([UInt8](base64: token.dropFirst("whsec_".count)))
        #expect(key.count == 32)
        let code = HMAC.sha256(key: key, data: Array("m-1.1700000000.".utf8) + body).base64
        func signed(_ signature: String, time: String = "1700000000") -> HookRequest {
            gitlab(fields, [("webhook-id", "m-1"), ("webhook-timestamp", time), ("webhook-signature", signature)])
        }
        #expect(try hooks.parse(signed("v1,\(code)"), secret: secret) == ignored)
        #expect(try hooks.parse(signed("v1,AAAA v1,\(code)"), secret: secret) == ignored)
        #expect(try hooks.parse(signed("v1,\(code)"), secret: token) == ignored)
        for wrong in [signed(code), signed("v1,"), signed("v2,\(code)"), signed("v1,\(code)", time: "1700000001")] {
            #expect(throws: HookError.badSignature) { _ = try hooks.parse(wrong, secret: secret) }
        }
        for value in ["", String(secret.dropLast()), secret + "0"] {
            #expect(throws: HookError.badSignature) {
                _ = try hooks.parse(gitlab(fields, [("X-Gitlab-Token", value)]), secret: secret)
            }
        }
    }

    @Test func aDeletedBranchIsAChangeToNothing() throws {
        let gone = RefChange(ref: "refs/heads/x", before: Self.one, after: nil)
        let fields = #""ref":"refs/heads/x","before":"\#(Self.one)","after":"\#(Self.zeros)","deleted":true"#
        #expect(try GitHubHooks(forge: nil).read(github("push", fields)) == .moved(gone, HookDetails()))
        #expect(
            try GitLabHooks(forge: nil).read(gitlab(#""object_kind":"push","# + fields)) == .moved(gone, HookDetails()))
        let event = try GitHubHooks(forge: nil).read(github("delete", #""ref":"x","ref_type":"branch""#))
        #expect(event == .moved(RefChange(ref: "refs/heads/x", before: nil, after: nil), HookDetails()))
    }

    @Test(arguments: ["null", #"{"id":8}"#, #"{"id":7}"#])
    func forksAreTold(head: String) throws {
        let fields = """
            "action":"opened","number":3,"pull_request":{"title":"T","user":{"login":"ada"},\
            "head":{"ref":"topic","sha":"\(Self.two)","repo":\(head)},"base":{"ref":"main","repo":{"id":7}}}
            """
        guard case .pullRequest(let pull) = try GitHubHooks(forge: nil).read(github("pull_request", fields)) else {
            Issue.record("no pull request")
            return
        }
        #expect(pull.isFromFork == (head != #"{"id":7}"#))
        #expect(pull.ref == "refs/pull/3/merge")
        #expect(pull.commit == Self.two)
        #expect(pull.headBranch == "topic" && pull.baseBranch == "main")
        #expect(pull.details.author == "ada")
    }

    @Test func aMergeRequestOfAForkIsTold() throws {
        let fields = """
            "object_kind":"merge_request","user":{"id":1,"username":"ada"},"object_attributes":{"iid":5,"action":"open",\
            "author_id":1,"source_project_id":10,"target_project_id":9,"source_branch":"topic","target_branch":"main",\
            "last_commit":{"id":"\(Self.two)"}}
            """
        guard case .pullRequest(let pull) = try GitLabHooks(forge: nil).read(gitlab(fields)) else {
            Issue.record("no merge request")
            return
        }
        #expect(pull.isFromFork)
        #expect(pull.details.author == "ada")
    }

    @Test func anAnnotatedTagStandsForItsCommit() throws {
        let fields = """
            "ref":"refs/tags/v1","before":"\(Self.zeros)","after":"\(Self.one)","head_commit":{"id":"\(Self.two)",\
            "message":"Release"},"pusher":{"name":"ada"}
            """
        let event = try GitHubHooks(forge: nil).read(github("push", fields))
        guard case .moved(let change, let details) = event else {
            Issue.record("nothing moved")
            return
        }
        #expect(change == RefChange(ref: "refs/tags/v1", before: nil, after: Self.two))
        #expect(details.author == "ada" && details.message == "Release")
    }

    @Test func whatIsNoObjectNameIsMalformed() throws {
        for after in ["main", "--upload-pack=x", String(repeating: "A", count: 40)] {
            let fields = #""ref":"refs/heads/x","before":"\#(Self.one)","after":"\#(after)""#
            #expect(throws: HookError.malformed("`\(after)` is not an object name")) {
                _ = try GitHubHooks(forge: nil).read(github("push", fields))
            }
        }
    }
}
