import ArgumentParser

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Check or print the configuration.",
        discussion:
            "What `skep serve` and `skep agent` would start with: the environment, then the file, then defaults.",
        subcommands: [Check.self, Print.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Say all that is wrong, a line each.",
            discussion: "Ends with 1 when there is something. Nothing is connected to.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await orExplain {
                _ = try await options.settings().front()
                say("The configuration is good.")
            }
        }
    }

    struct Print: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "print", abstract: "Print what is in force and where it comes from, secrets left out.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            try await orExplain { say(try await options.settings().check.effective) }
        }
    }
}
