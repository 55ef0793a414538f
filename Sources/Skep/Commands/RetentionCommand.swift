import ArgumentParser
import Builds
import Core
import Store

struct RetentionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "How long builds and logs are kept: rules, and what goes by them. Needs the database, no server.",
        subcommands: [Run.self, Set.self, List.self], defaultSubcommand: Run.self)

    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Remove what the rules let go, as a server does every ten minutes.")

        @OptionGroup var options: ConfigurationOptions
        @Flag(help: "Tell what would go, and remove nothing.")
        var dryRun = false

        func run() async throws {
            try await withStore(options) { store in
                let retention = Retention(store: store)
                if dryRun {
                    let removal = try await retention.estimate()
                    say("\(removal.builds) builds and \(removal.logs) logs of \(removal.bytes) bytes would go.")
                } else {
                    let removal = try await retention.run()
                    say("\(removal.builds) builds and \(removal.logs) logs were removed.")
                }
            }
        }
    }

    struct Set: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replace the rule of a repository, of a tenant or, with neither, of the server.",
            discussion: """
                What is not said is as a wider rule says; 0 is no limit, whatever a wider rule says; nothing at all removes the rule. \
                Tags, deployments and the last success of each branch are kept whatever the rules say.
                """)

        @OptionGroup var options: ConfigurationOptions
        @Option(help: "A tenant, OWNER, or FORGE:OWNER where it is not of the default forge.")
        var tenant: String?
        @Option(help: "A repository, OWNER/NAME.")
        var repo: String?
        @Option(help: "Builds made so many days ago may go.")
        var buildDays: Int?
        @Option(help: "Builds beyond the newest so many may go.")
        var buildCount: Int?
        @Option(help: "Logs of builds made so many days ago may go.")
        var logDays: Int?
        @Option(help: "Logs of the oldest days may go where a repository's take more bytes than that, compressed.")
        var logBytes: Int64?

        func validate() throws {
            guard tenant == nil || repo == nil else { throw ValidationError("Say --tenant or --repo, not both.") }
            guard (0...100_000).contains(buildDays ?? 0), (0...100_000).contains(logDays ?? 0) else {
                throw ValidationError("Days are 0 to 100000.")
            }
            guard (0...1_000_000_000).contains(buildCount ?? 0), logBytes ?? 0 >= 0 else {
                throw ValidationError("Builds are 0 to 1000000000, and bytes 0 and more.")
            }
        }

        func run() async throws {
            let name = try tenant.map(TenantName.init(option:))
            let path = try repo.map { text -> RepoPath in
                guard let path = RepoPath(option: text) else { throw ValidationError("--repo must be OWNER/NAME.") }
                return path
            }
            let rule = RetentionRule(
                buildDays: buildDays, buildCount: buildCount, logDays: logDays, logBytes: logBytes)
            try await withStore(options) { store in
                try await Operations(store: store, actor: .person).setRetention(rule, tenant: name, repository: path)
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the rules.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await withStore(options) { store in
                for placed in try await store.retentionRules() {
                    let limits: [(String, Int64?)] = [
                        ("build-days", placed.rule.buildDays.map(Int64.init)),
                        ("build-count", placed.rule.buildCount.map(Int64.init)),
                        ("log-days", placed.rule.logDays.map(Int64.init)), ("log-bytes", placed.rule.logBytes),
                    ]
                    let text = limits.compactMap { name, limit in limit.map { "\(name) \($0)" } }
                    say("\(placed.repository ?? placed.tenant ?? "server"): \(text.joined(separator: ", "))")
                }
            }
        }
    }
}
