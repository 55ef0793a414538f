import Agent
import ArgumentParser

@main
enum Program {
    static func main() async {
        // What runs jobs' processes must not read its arguments as ours: they are the job's.
        if CommandLine.arguments.dropFirst().first == "supervise" {
            Supervisor.main(arguments: Array(CommandLine.arguments.dropFirst(2)))
        }
        await Skep.main()
    }
}

/// One program, a role a subcommand.
struct Skep: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "skep",
        abstract: "A multi-tenant continuous-integration server.",
        version: version,
        subcommands: [DeliverCommand.self, PlainServerCommand.self, BenchHooksCommand.self, BenchLogsCommand.self],
        groupedSubcommands: [
            CommandGroup(
                name: "Roles:",
                subcommands: [DevCommand.self, ServeCommand.self, AgentCommand.self, MigrateCommand.self]),
            CommandGroup(
                name: "Administration:",
                subcommands: [
                    UserCommand.self, TokenCommand.self, KeyCommand.self, DatabaseCommand.self, ReportCommand.self,
                    RetentionCommand.self, ConfigCommand.self, RoutesCommand.self, HealthCheckCommand.self,
                ]),
        ],
    )
}
