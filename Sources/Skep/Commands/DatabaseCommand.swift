import ArgumentParser
import Builds
import Sealing
import Store

struct DatabaseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "database",
        abstract: "Who reads reports in SQL. With the URL of the schema's owner, who may make roles; no server.",
        subcommands: [Grant.self, Revoke.self])

    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a login read ci_report: the rows of a tenant, or all.",
            discussion: """
                A login that is missing is made, and its password is printed. One that is there keeps its password. docs/reporting.md \
                describes what it reads.
                """)

        @OptionGroup var options: ConfigurationOptions
        @OptionGroup var whom: ReaderOptions
        @Flag(help: "The login can start no transaction that writes, not even to temporary tables.")
        var readOnly = false
        @Option(help: "Seconds that a statement may take.")
        var statementTimeout = 60
        @Option(help: "Connections that the login may have at once.")
        var connections = 10
        @Flag(help: "Give a login that is made no password: it comes in otherwise, such as with a certificate.")
        var noPassword = false

        func validate() throws {
            guard (1...86_400).contains(statementTimeout) else {
                throw ValidationError("--statement-timeout must be 1 to 86400 seconds.")
            }
            guard (1...1000).contains(connections) else { throw ValidationError("--connections must be 1 to 1000.") }
        }

        func run() async throws {
            let tenant = try whom.name
            let password = randomBytes(24).base64URL
            try await withStore(options) { store in
                let isNew = try await Operations(store: store, actor: .person).grantReports(
                    to: whom.login, of: tenant,
                    password: noPassword ? nil : PasswordVerifier.scramSHA256(password),
                    ReaderLimits(
                        isReadOnly: readOnly, statementSeconds: statementTimeout, connections: connections))
                if isNew, !noPassword { say(password) }
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take back what `skep database grant` gave, at once for open sessions too. The login stays.")

        @OptionGroup var options: ConfigurationOptions
        @OptionGroup var whom: ReaderOptions

        func run() async throws {
            let tenant = try whom.name
            try await withStore(options) { store in
                let isLast = try await Operations(store: store, actor: .person).revokeReports(
                    from: whom.login, of: tenant)
                if isLast { say("\(whom.login) reads nothing any more; `drop role` removes the login.") }
            }
        }
    }
}

/// A login, and whose reports it reads.
struct ReaderOptions: ParsableArguments {
    @Option(help: "The role that the reader is logged in as.")
    var login: String
    @Option(help: "The tenant, OWNER, or FORGE:OWNER where it is not of the default forge.")
    var tenant: String?
    @Flag(help: "All tenants, and what is of none.")
    var all = false

    func validate() throws {
        guard (tenant != nil) != all else { throw ValidationError("Say either --tenant OWNER or --all.") }
    }

    /// nil: all.
    var name: TenantName? {
        get throws {
            try tenant.map(TenantName.init(option:))
        }
    }
}

extension TenantName {
    /// OWNER, or FORGE:OWNER.
    init(option text: String) throws {
        guard let name = TenantName(text) else { throw ValidationError("\(text) cannot be a tenant.") }
        self = name
    }
}
