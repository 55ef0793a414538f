import ArgumentParser
import Postgres

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database's schema up to date.",
        discussion: "To be run as the schema's owner. Servers of the version before go on working on the new schema.")

    @OptionGroup var options: ConfigurationOptions

    @Flag(help: "Print the SQL that would run, and run nothing.")
    var plan = false

    func run() async throws {
        try await orExplain {
            let settings = try await options.settings()
            let logger = try Log.start("skep", level: settings.logLevel)
            let url = try settings.databaseDirectURL ?? settings.databaseURL
            let database = Database(DatabaseConfiguration(url: url, shared: 1, leased: 1), logger: logger)
            try await ServerVersion.check(database)
            await database.close()
            let migrator = Migrator(url: url, migrations: try Migration.all(), logger: logger)
            if plan {
                for migration in try await migrator.plan() {
                    say("-- \(migration.number): \(migration.name)\n\(migration.sql)")
                }
            } else {
                let applied = try await migrator.run()
                say(
                    applied.isEmpty
                        ? "The schema is up to date." : "Applied: \(applied.map(\.name).joined(separator: ", ")).")
            }
        }
    }
}
