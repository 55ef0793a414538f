import ArgumentParser
import Builds
import Core
import Foundation
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
                guard try await store.findUser(login) == nil else {
                    throw SettingsError(
                        message: "There is a user \(login) already; `skep token create \(login)` makes a token.")
                }
                let operations = Operations(store: store, actor: .person)
                let user = try await operations.createUser(NewUser(login: login, email: email, admin: admin))
                say(try await operations.createToken(for: user.login, name: "skep user add").text)
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
                let operations = Operations(store: store, actor: .person)
                let user = try await operations.promote(login)
                say(try await operations.createToken(for: user.login, name: "skep user promote").text)
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
                say(try await Operations(store: store, actor: .person).createToken(for: login, name: name).text)
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
                say(try await Operations(store: store, actor: .person).createAgentToken(name: name).text)
            }
        }
    }
}

extension Actor {
    /// Who types the command, as the audit names them: the operating system's user.
    static var person: Actor { .operator(NSUserName()) }
}

/// The tables, for a command that needs no key.
func withStore(
    _ options: ConfigurationOptions, keyRing: KeyRing? = nil, forReports: Bool = false,
    _ body: (Store) async throws -> Void
) async throws {
    try await orExplain {
        let settings = try await options.settings()
        let logger = try Log.start("skep", level: settings.logLevel ?? "warning")
        let database = Database(
            try settings.database(as: forReports ? "skep report" : "skep command", forReports: forReports),
            logger: logger)
        let ring = try keyRing ?? KeyRing(text: KeyRing.generate(id: "unused"))
        do {
            try await body(Store(database: database, keyRing: ring))
            await database.close()
        } catch {
            await database.close()
            throw explained(error)
        }
    }
}

private func explained(_ error: any Error) -> any Error {
    switch error {
    case let error as PostgresError: SettingsError(message: "The database refused: \(error)")
    case let error as Refusal: SettingsError(message: error.message)
    case let error as AccessError: SettingsError(message: error.message)
    case let error as SealingError: SettingsError(message: "The key ring does not fit the database: \(error)")
    default: error
    }
}
