import ArgumentParser
import Builds
import Core
import Logging
import Postgres
import Sealing
import Store

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user",
        abstract: "Accounts, with nothing but the database: for the first administrator and for lost access.",
        subcommands: [Add.self, Promote.self])

    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Make an account, and print a token for it.")

        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "The login, 1 to 100 characters.")
        var login: String
        @Option(help: "The e-mail address.")
        var email = ""
        @Flag(help: "Administrator of the server.")
        var admin = false

        func run() async throws {
            try await withStore(options) { store in
                guard User.isValid(login: login) else { throw SettingsError(message: "\(login) cannot be a login.") }
                guard User.isValid(email: email) else { throw SettingsError(message: "\(email) is no e-mail address.") }
                guard let user = try await store.createUser(login: login, email: email, admin: admin) else {
                    throw SettingsError(
                        message: "There is a user \(login) already; `skep token create \(login)` makes a token.")
                }
                try await printToken(for: user, name: "skep user add", store)
            }
        }
    }

    struct Promote: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make an account an active administrator, and print a token for it.")

        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "The login.")
        var login: String

        func run() async throws {
            try await withStore(options) { store in
                guard let user = try await store.findUser(login) else {
                    throw SettingsError(message: "There is no user \(login).")
                }
                _ = try await store.updateUser(id: user.id, UserChange(admin: true, active: true))
                try await printToken(for: user, name: "skep user promote", store)
            }
        }
    }
}

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Tokens, with nothing but the database.",
        subcommands: [Create.self, ForAgents.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print a new token of a user.")

        @OptionGroup var options: ConfigurationOptions
        @Argument(help: "The login.")
        var login: String
        @Option(help: "What the token is called in lists.")
        var name = "skep token create"

        func run() async throws {
            try await withStore(options) { store in
                guard let user = try await store.findUser(login) else {
                    throw SettingsError(message: "There is no user \(login).")
                }
                try await printToken(for: user, name: name, store)
            }
        }
    }

    struct ForAgents: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "agent", abstract: "Print a new token for agents.")

        @OptionGroup var options: ConfigurationOptions
        @Option(help: "What the token is called in lists.")
        var name = "agents"

        func run() async throws {
            try await withStore(options) { store in
                let token = Token.generate(prefix: Token.agentPrefix)
                try await store.createAgentToken(tenantID: nil, name: name, hash: token.hash)
                say(token.text)
            }
        }
    }
}

private func printToken(for user: User, name: String, _ store: Store) async throws {
    let token = Token.generate()
    _ = try await store.createToken(userID: user.id, name: name, hash: token.hash)
    say(token.text)
}

/// The tables, for a command that needs no key.
func withStore(_ options: ConfigurationOptions, keyRing: KeyRing? = nil, _ body: (Store) async throws -> Void)
    async throws
{
    try await orExplain {
        let settings = try await options.settings()
        let logger = try Log.start("skep", level: settings.logLevel ?? "warning")
        let database = Database(try settings.database(), logger: logger)
        let ring = try keyRing ?? KeyRing(text: KeyRing.generate(id: "unused"))
        do {
            try await body(Store(database: database, keyRing: ring))
            await database.close()
        } catch let error as PostgresError {
            await database.close()
            throw SettingsError(message: "The database refused: \(error)")
        }
    }
}
