import Builds
import Core
import Store
import Synchronization
import TestSupport
import Testing

/// What a forge tells of becomes builds, cancellations and changes of the repository.
@Suite struct HostedForgeTests {
    @Test func activationMakesAHook() async throws {
        try await withHostedLab { hosted in
            let hooks = hosted.fake.state.withLock { $0.repositories["octo/hello"]?.hooks ?? [:] }
            #expect(hooks.values.map(\.url) == ["http://ci.example.com/hook"])
            #expect(hosted.repo.cloneURL == "\(hosted.fake.url)/octo/hello.git")
            try await hosted.lab.engine.deleteRepo(try await hosted.lab.access())
            #expect(hosted.fake.state.withLock { $0.repositories["octo/hello"]?.hooks.isEmpty } == true)
        }
    }

    @Test func pushesTagsAndDeploymentsAreBuilt() async throws {
        try await withHostedLab { hosted in
            #expect(try await hosted.push("1") == "built {1}")
            #expect(try await hosted.push("2", to: "refs/tags/v1") == "built {2}")
            let asked = """
                "action":"created","sender":{"login":"ada"},"deployment":{"id":55,"sha":"\(HostedLab.commit("3"))",\
                "ref":"main","environment":"production"}
                """
            #expect(try await hosted.deliver("deployment", asked) == "built {3}")
            let rows = try await hosted.lab.text(
                """
                select string_agg(concat_ws(' ', event, branch, ref, author, deploy_to, deployment), ', ' order by number)
                from builds
                """)
            #expect(
                rows == "push main refs/heads/main ada , tag v1 refs/tags/v1 ada , "
                    + "deployment main main ada production 55")
        }
    }

    @Test func aPullRequestIsBuiltAndCancelled() async throws {
        try await withHostedLab { hosted in
            #expect(try await hosted.deliver("pull_request", HostedLab.pull("opened", "1")) == "built {1}")
            #expect(try await hosted.deliver("pull_request", HostedLab.pull("labeled", "1")).hasPrefix("ignored"))
            let fork = HostedLab.pull("synchronize", "2", fromFork: true)
            #expect(try await hosted.deliver("pull_request", fork) == "built {2}")
            let rows = try await hosted.lab.text(
                "select string_agg(concat_ws(' ', branch, ref, refspec, message, from_fork), ', ' order by number) from builds"
            )
            #expect(
                rows == "topic refs/pull/3/merge topic:main A change f, topic refs/pull/3/merge topic:main A change t")
            let closed = try await hosted.deliver("pull_request", HostedLab.pull("closed", "2"))
            #expect(closed == "ignored {} pull request closed: refs/pull/3/merge; cancelled: 1, 2")
            #expect(try await hosted.lab.text("select string_agg(distinct status::text, ',') from builds") == "killed")
            #expect(try await hosted.lab.number("select count(*) from queue") == 0)
            #expect(try await hosted.deliver("pull_request", HostedLab.pull("reopened", "2")) == "built {3}")
        }
    }

    @Test func aDeletedBranchCancelsItsBuilds() async throws {
        try await withHostedLab { hosted in
            for ref in ["refs/heads/a", "refs/heads/b"] { _ = try await hosted.push("1", to: ref) }
            let gone = try await hosted.push("0", to: "refs/heads/a")
            #expect(gone == "ignored {} no branch or tag moved")
            let fields = """
                "ref":"refs/heads/a","before":"\(HostedLab.commit("1"))","after":"\(HostedLab.commit("0"))"
                """
            #expect(try await hosted.deliver("push", fields) == "ignored {} refs/heads/a was deleted; cancelled: 1")
            #expect(
                try await hosted.lab.text("select string_agg(status::text, ',' order by number) from builds")
                    == "killed,pending")
        }
    }

    @Test func aForgeThatIsDownDelaysAndLosesNothing() async throws {
        try await withHostedLab { hosted in
            hosted.fake.state.withLock { $0.fault = .down }
            let first = try await hosted.receive("push", HostedLab.push("1"))
            let second = try await hosted.receive("push", HostedLab.push("2"))
            try await hosted.lab.handleDeliveries()
            #expect(try await hosted.lab.outcome(first) == "waiting {}")
            hosted.fake.state.withLock { $0.fault = nil }
            try await hosted.lab.run("update intake set due_at = clock_timestamp()")
            try await hosted.lab.handleDeliveries()
            #expect(try await hosted.lab.outcome(first) == "built {1}")
            #expect(try await hosted.lab.outcome(second) == "built {2}")
        }
    }

    @Test func aLimitOfTheForgePutsDeliveriesOffAsLong() async throws {
        try await withHostedLab { hosted in
            hosted.fake.state.withLock { $0.fault = .limited(status: 429, headers: [("Retry-After", "900")]) }
            _ = try await hosted.receive("push", HostedLab.push("1"))
            try await hosted.lab.handleDeliveries()
            let seconds = try await hosted.lab.number(
                "select extract(epoch from due_at - clock_timestamp())::bigint from intake")
            #expect((850...901).contains(seconds))
        }
    }

    private func change(_ kind: String, name: String = "octo/hello", owner: Int = 3, isPrivate: Bool = false) -> String
    {
        let repository = HostedLab.repository.replacing("NAME", with: name).replacing("OWNER", with: "\(owner)")
            .replacing("PRIVATE", with: "\(isPrivate)")
        return #""action":"\#(kind)",\#(repository)"#
    }

    @Test func theRepositoryFollowsItsForge() async throws {
        try await withHostedLab { hosted in
            let lab = hosted.lab
            let facts = "select concat_ws(' ', owner, name, private, deleted_at is null) from repositories"
            #expect(try await lab.text(facts) == "octo hello f t")
            #expect(
                try await hosted.change(change("privatized", isPrivate: true)) == "ignored {} repository privatized")
            #expect(try await lab.text(facts) == "octo hello t t")
            #expect(try await hosted.change(change("publicized")) == "ignored {} repository publicized")
            let renamed = try await hosted.change(change("renamed", name: "octo/world"))
            #expect(renamed == "ignored {} repository renamed: it is octo/world now")
            #expect(try await lab.text(facts) == "octo world f t")
            let paths = try await lab.text(
                "select string_agg(after->>'path', ',') from audit where action = 'repo.update'")
            #expect(paths.hasSuffix("octo/world"))
        }
    }

    @Test(arguments: ["deleted", "transferred"])
    func aRepositoryThatIsGoneIsDeactivated(kind: String) async throws {
        try await withHostedLab { hosted in
            _ = try await hosted.push("1")
            let outcome = try await hosted.change(change(kind, name: "evil/hello", owner: 99))
            #expect(outcome == "ignored {} repository \(kind): it is not active any more")
            #expect(try await hosted.lab.number("select count(*) from repositories where deleted_at is null") == 0)
        }
    }
}
