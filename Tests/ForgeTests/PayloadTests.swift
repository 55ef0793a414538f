import Core
import Foundation
import Sealing
import Testing

@testable import Forge

/// Every body of the collection beside the project gives what is written down there for it.
@Suite(.enabled(if: Payloads.isThere, "../shared/payloads, the collection of real bodies, is not there"))
struct PayloadTests {
    private struct Hooks {
        var identify: (HookRequest) throws(HookError) -> HookIdentity
        var read: (HookRequest) throws(HookError) -> HookEvent
        var parse: (HookRequest, String) throws(HookError) -> HookEvent
    }

    private func hooks(for name: String) -> Hooks {
        if name.hasPrefix("github/") {
            let hooks = GitHubHooks(forge: nil)
            return Hooks(identify: hooks.identify, read: hooks.read, parse: hooks.parse)
        }
        if name.hasPrefix("gitlab/") {
            let hooks = GitLabHooks(forge: nil)
            return Hooks(identify: hooks.identify, read: hooks.read, parse: hooks.parse)
        }
        let hooks = GiteaHooks(forge: nil)
        return Hooks(identify: hooks.identify, read: hooks.read, parse: hooks.parse)
    }

    @Test func everyBodyGivesWhatIsExpected() throws {
        let choices = try Payloads.choices()
        let all = try Payloads.expected()
        #expect(all.count > 100)
        for (name, expected) in all {
            let hooks = hooks(for: name)
            let request =
                name.hasPrefix("recorded/")
                ? try Payloads.recorded(name).request : try Payloads.request(name, event: expected.event)
            let seen = Outcome(try hooks.read(request), of: try hooks.identify(request))
            func check(_ field: String, _ value: String, _ wanted: String?) {
                guard let wanted else { return }
                let right = choices["\(name) \(field)"] ?? [wanted]
                #expect(right.contains(value), "\(name): \(field) is \(value), not \(wanted)")
            }
            check("outcome", seen.outcome, expected.outcome)
            guard seen.outcome == expected.outcome else { continue }
            check("reason", seen.reason, expected.reason)
            for (field, value) in expected.build ?? [:] {
                // docs/forges.md argues these: a build of a tag has the tag's name as its branch, on every forge.
                let isTag = field == "branch" && value.text.hasPrefix("refs/tags/")
                let wanted = isTag ? String(value.text.dropFirst("refs/tags/".count)) : value.text
                check("build.\(field)", seen.build[field] ?? "", wanted)
            }
        }
    }

    @Test func recordedDeliveriesVerifyAsTheyAreOnly() throws {
        let names = try Payloads.expected().map(\.name).filter { $0.hasPrefix("recorded/") }
        #expect(names.count == 88)
        for name in names {
            let hooks = hooks(for: name)
            let (request, secret) = try Payloads.recorded(name)
            #expect(throws: Never.self, "\(name)") { _ = try hooks.parse(request, secret) }
            #expect(throws: HookError.badSignature, "\(name)") { _ = try hooks.parse(request, secret + "x") }
            for place in [request.body.count - 2, request.body.count / 2] {
                var changed = request
                changed.body[place] = changed.body[place] == 0x41 ? 0x42 : 0x41
                #expect(throws: HookError.badSignature, "\(name), byte \(place)") {
                    _ = try hooks.parse(changed, secret)
                }
            }
            var unsigned = request
            for index in unsigned.headers.indices where unsigned.headers[index].name.contains("Signature") {
                unsigned.headers[index].value = ""
            }
            #expect(throws: HookError.badSignature, "\(name)") { _ = try hooks.parse(unsigned, secret) }
        }
    }
}

/// An event in the words of `expected.json`.
private struct Outcome {
    var outcome: String
    var reason = ""
    var build: [String: String] = [:]

    init(_ event: HookEvent, of identity: HookIdentity) {
        switch event {
        case .ignored(let reason):
            outcome = "ignored"
            self.reason = reason
        case .refs: outcome = "refs"
        case .repository(let change):
            outcome = "repository"
            reason = "repository \(change.kind.rawValue)"
        case .pullRequestEnded(let end):
            outcome = "cancel"
            reason = end.reason
        case .moved(let change, _) where change.after == nil:
            outcome = "cancel"
            reason = "branch deleted: \(change.ref)"
        case .moved(_, let details) where details.saysToSkip:
            // Decided by the server, from the commit that the forge has; the body holds the same message.
            outcome = "ignored"
            reason = "the message says skip ci"
        case .moved(let change, let details):
            outcome = "build"
            build = Self.fields(change.after ?? "", change.ref, details)
            build["event"] = change.tag == nil ? "push" : "tag"
            build["branch"] = change.branch ?? change.tag
        case .pullRequest(let pull):
            outcome = "build"
            build = Self.fields(pull.commit, pull.ref, pull.details)
            build["event"] = "pull_request"
            build["branch"] = pull.headBranch
            build["fork"] = "\(pull.isFromFork)"
        case .deployment(let asked):
            outcome = "build"
            build = Self.fields(asked.commit, asked.ref, asked.details)
            build["event"] = "deployment"
            build["branch"] = asked.ref
            build["deploy_to"] = asked.environment
        }
        build["owner"] = identity.repo.owner
        build["name"] = identity.repo.name
    }

    private static func fields(_ commit: String, _ ref: String, _ details: HookDetails) -> [String: String] {
        ["commit": commit, "ref": ref, "author": details.author, "message": details.message]
    }
}

extension HookDetails {
    fileprivate var saysToSkip: Bool {
        message.lowercased().contains("[ci skip]") || message.lowercased().contains("[skip ci]")
    }
}
