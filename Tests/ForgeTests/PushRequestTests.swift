import Core
import Foundation
import Logging
import Sealing
import Testing

@testable import Forge

@Suite struct PushRequestTests {
    private let forge = GitForge(
        root: "/none", executable: "/none", forge: "local",
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    private let secret = "It's a Secret to Everybody"
    private static let one = String(repeating: "1", count: 40)
    private static let two = String(repeating: "2", count: 40)
    private static let zeros = String(repeating: "0", count: 40)

    private func request(_ body: String, event: String = "push", signature: String? = nil) -> HookRequest {
        let code = HMAC.sha256(key: secret.utf8, data: body.utf8).hex
        return HookRequest(
            headers: [
                ("x-skep-event", event), ("X-SKEP-DELIVERY", "d-1"),
                ("X-Skep-Signature-256", signature ?? "sha256=\(code)"),
            ],
            body: Array(body.utf8))
    }

    private func push(_ refs: String, name: String = "octocat/hello-world") -> HookRequest {
        request(#"{"repository":{"full_name":"\#(name)"},"refs":[\#(refs)],"pushed_at":"2015-03-01T12:00:00Z"}"#)
    }

    private func ref(_ ref: String, _ before: String, _ after: String) -> String {
        #"{"ref":"\#(ref)","before":"\#(before)","after":"\#(after)"}"#
    }

    @Test func theVectorOfTheWebhookDocumentation() throws {
        // Signed with the same method: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
        let code = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        let request = HookRequest(
            headers: [("X-Skep-Signature-256", "sha256=\(code)"), ("X-Skep-Event", "ping")],
            body: Array("Hello, World!".utf8))
        #expect(try forge.parse(request, secret: secret) == .ignored(reason: "not a push"))
    }

    @Test func identifiesAndReadsAPush() throws {
        let refs = [
            ref("refs/heads/main", Self.one, Self.two), ref("refs/heads/neu/ü", Self.zeros, Self.two),
            ref("refs/tags/v1", Self.one, Self.zeros),
            #"{"ref":"refs/heads/null","before":null,"after":"\#(Self.two)"}"#,
            ref("refs/notes/x", Self.one, Self.two), ref("refs/heads/same", Self.one, Self.one),
            ref("refs/heads/long", String(repeating: "0", count: 64), String(repeating: "f", count: 64)),
        ]
        let request = push(refs.joined(separator: ","), name: "group/sub/name")
        let identity = try forge.identify(request)
        #expect(
            identity
                == HookIdentity(
                    repo: RepoPath(forge: "local", owner: "group/sub", name: "name"), deliveryID: "d-1", event: "push"))
        let expected = [
            RefChange(ref: "refs/heads/main", before: Self.one, after: Self.two),
            RefChange(ref: "refs/heads/neu/ü", before: nil, after: Self.two),
            RefChange(ref: "refs/tags/v1", before: Self.one, after: nil),
            RefChange(ref: "refs/heads/null", before: nil, after: Self.two),
            RefChange(ref: "refs/heads/long", before: nil, after: String(repeating: "f", count: 64)),
        ]
        let date = try Date("2015-03-01T12:00:00Z", strategy: .iso8601)
        #expect(try forge.parse(request, secret: secret) == .refs(expected, pushedAt: date))
    }

    @Test func whatItSignsItReads() throws {
        let payload = PushPayload(
            repository: .init(fullName: "o/n"),
            refs: [.init(ref: "refs/heads/\"\\ü", before: Self.zeros, after: Self.one)],
            pushedAt: Date(timeIntervalSince1970: 1_400_000_000))
        let request = try HookRequest(push: payload, deliveryID: "d", secret: secret)
        let expected = RefChange(ref: "refs/heads/\"\\ü", before: nil, after: Self.one)
        #expect(try forge.parse(request, secret: secret) == .refs([expected], pushedAt: payload.pushedAt))
        #expect(try forge.identify(request).deliveryID == "d")
    }

    @Test func whatNobodyToldOfIsReadButNotTakenFromOutside() throws {
        let changes = [
            RefChange(ref: "refs/heads/main", before: Self.one, after: Self.two),
            RefChange(ref: "refs/tags/v1", before: Self.one, after: nil),
        ]
        let path = RepoPath(forge: "local", owner: "o", name: "n")
        let request = try forge.request(for: changes, in: path, deliveryID: "compared-1")
        #expect(try forge.identify(request) == HookIdentity(repo: path, deliveryID: "compared-1", event: "push"))
        #expect(try forge.read(request) == .refs(changes, pushedAt: nil))
        #expect(throws: HookError.badSignature) { try forge.parse(request, secret: secret) }
        #expect(throws: HookError.badSignature) { try forge.parse(request, secret: "") }
    }

    @Test func everyChangedByteIsRefused() throws {
        let good = push(ref("refs/heads/main", Self.one, Self.two))
        for index in good.body.indices {
            var bad = good
            bad.body[index] ^= 1
            #expect(throws: HookError.badSignature) { try forge.parse(bad, secret: secret) }
        }
        #expect(throws: HookError.badSignature) { try forge.parse(good, secret: secret + "x") }
        #expect(throws: HookError.badSignature) { try forge.parse(good, secret: "") }
    }

    @Test(arguments: ["", "sha256=", "sha256=00", "sha1=", "sha256=zz", "sha256"]) func badSignatures(
        _ signature: String
    ) {
        #expect(throws: HookError.badSignature) { try forge.parse(request("{}", signature: signature), secret: secret) }
    }

    @Test func unsignedOrSignedWithNothing() {
        var request = request("{}")
        request.headers.removeLast()
        #expect(throws: HookError.badSignature) { try forge.parse(request, secret: secret) }
        let code = HMAC.sha256(key: [], data: "{}".utf8).hex
        #expect(throws: HookError.badSignature) {
            try forge.parse(self.request("{}", signature: "sha256=\(code)"), secret: "")
        }
    }

    @Test(arguments: [
        "", "null", "[]", "{", #"{"repository":{}}"#, #"{"repository":{"full_name":1}}"#,
        #"{"repository":{"full_name":"name"}}"#,
        #"{"repository":{"full_name":"../name"}}"#, #"{"repository":{"full_name":"o/"}}"#,
        #"{"repository":{"full_name":"o/n\u0000"}}"#,
    ])
    func malformedForIdentify(body: String) {
        #expect { try forge.identify(request(body)) } throws: {
            if case HookError.malformed = $0 { true } else { false }
        }
    }

    @Test(arguments: [
        #"{"repository":{"full_name":"o/n"}}"#, #"{"repository":{"full_name":"o/n"},"refs":[{}]}"#,
        #"{"repository":{"full_name":"o/n"},"refs":[{"ref":"refs/heads/a","before":"main","after":"main"}]}"#,
        #"{"repository":{"full_name":"o/n"},"refs":[],"pushed_at":"yesterday"}"#,
    ])
    func malformedForParse(body: String) {
        #expect { try forge.parse(request(body), secret: secret) } throws: {
            if case HookError.malformed = $0 { true } else { false }
        }
    }

    @Test func missingHeadersAndHugeBodies() {
        for drop in [0, 1] {
            var request = push("")
            request.headers.remove(at: drop)
            #expect { try forge.identify(request) } throws: { "\($0)".contains(drop == 0 ? "Event" : "Delivery") }
        }
        let huge = HookRequest(headers: [], body: [UInt8](repeating: 32, count: ForgeLimits.hookBody + 1))
        #expect(throws: HookError.tooLarge) { try forge.identify(huge) }
        #expect(throws: HookError.tooLarge) { try forge.parse(huge, secret: secret) }
    }

    @Test func nothingToBuildIsIgnored() throws {
        #expect(try forge.parse(push(""), secret: secret) == .ignored(reason: "no branch or tag moved"))
        #expect(try forge.parse(request("{}", event: "fork"), secret: secret) == .ignored(reason: "not a push"))
    }
}
