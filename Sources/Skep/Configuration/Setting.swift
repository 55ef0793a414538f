/// A key of the configuration: what `config/skep.yaml` documents, for the program.
struct Setting: Sendable {
    enum Kind: Sendable {
        case text
        /// Not printed; also as `KEY_file`, the name of a file that holds it.
        case secret
        /// The name of a file with a secret, and nothing else.
        case secretFile
        case whole(ClosedRange<Int>)
        case flag
        case choice([String])
        /// HOST:PORT.
        case address
        case url
        case list
    }

    var key: String
    var kind: Kind
    /// As it is printed; nil: none.
    var standard: String?

    init(_ key: String, _ kind: Kind, standard: String? = nil) {
        self.key = key
        self.kind = kind
        self.standard = standard
    }

    /// Such as `SKEP_DATABASE_URL`.
    var variable: String { Self.variable(key) }

    static func variable(_ key: String) -> String { "SKEP_" + key.uppercased().replacing(".", with: "_") }

    /// What a value must be, where `text` is not.
    func complaint(about text: String) -> String? {
        switch kind {
        case .text, .secret, .secretFile, .list: return nil
        case .whole(let range):
            guard let number = Int(text), range.contains(number) else {
                return "must be a whole number, \(range.lowerBound) to \(range.upperBound)"
            }
        case .flag:
            guard Bool(text.lowercased()) != nil else { return "must be true or false" }
        case .choice(let choices):
            guard choices.contains(text) else { return "must be one of \(choices.joined(separator: ", "))" }
        case .address:
            guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
                (0...65535).contains(port)
            else { return "must be HOST:PORT, such as 127.0.0.1:8080" }
        case .url:
            guard text.hasPrefix("http://") || text.hasPrefix("https://"), !text.contains(" ") else {
                return "must be an http or https URL"
            }
        }
        return nil
    }
}

extension Setting {
    /// Every setting with a name of its own, in the order of `config/skep.yaml`; a test compares the two.
    static let all: [Setting] = [
        Setting("listen", .address, standard: "127.0.0.1:8080"),
        Setting("url", .url),
        Setting("proxies.trusted", .list),
        Setting("proxies.header", .choice(["x-forwarded-for", "forwarded"]), standard: "x-forwarded-for"),
        Setting("database.url", .secret),
        Setting("database.direct_url", .secret),
        Setting("database.replica_url", .secret),
        Setting("database.replica_lag", .whole(1...3600), standard: "10"),
        Setting("database.report_url", .secret),
        Setting("database.prepared_statements", .flag, standard: "true"),
        Setting("keyring", .secret),
        Setting("git.root", .text),
        Setting("forges.names", .list),
        Setting("forges.default", .text),
        Setting("limits.requests_per_minute", .whole(0...100_000_000), standard: "6000"),
        Setting("limits.anonymous_requests_per_minute", .whole(0...100_000_000), standard: "1200"),
        Setting("limits.failed_authentications_per_minute", .whole(0...100_000_000), standard: "60"),
        Setting("limits.hooks_per_minute", .whole(0...100_000_000), standard: "30000"),
        Setting("limits.connections", .whole(1...1_000_000), standard: "20000"),
        Setting("limits.header_seconds", .whole(1...3600), standard: "10"),
        Setting("limits.body_seconds", .whole(1...3600), standard: "30"),
        Setting("limits.write_seconds", .whole(1...3600), standard: "30"),
        Setting("limits.drain_seconds", .whole(0...20), standard: "2"),
        Setting("limits.header_bytes", .whole(4096...1_048_576), standard: "32768"),
        Setting("health.listen", .address),
        Setting("agents.lease", .whole(10...3600), standard: "30"),
        Setting(
            "log.level", .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]),
            standard: "info"),
        Setting("log.format", .choice(["auto", "text", "json"]), standard: "auto"),
        Setting("log.requests", .flag, standard: "false"),
        Setting("server", .url),
        Setting("agent.token", .secret),
        Setting("agent.slots", .whole(1...1000)),
        Setting("agent.runtime", .choice(["auto", "docker", "process"]), standard: "auto"),
        Setting("agent.engine", .text),
        Setting("agent.memory", .text, standard: "none"),
        Setting("agent.cpus", .text, standard: "none"),
        Setting("agent.pids", .text, standard: "4096"),
        Setting("agent.pull", .choice(["always", "if-not-exists", "never"]), standard: "if-not-exists"),
        Setting("agent.registry_config_file", .secretFile),
        Setting("agent.network", .choice(["bridge", "shared", "auto"]), standard: "auto"),
        Setting("agent.engine_folder", .text),
        Setting("agent.output_limit", .whole(4096...1 << 40), standard: "1073741824"),
    ]

    /// The settings of a forge that `forges.names` names, in the order of `config/skep.yaml`.
    static func ofForge(_ name: String) -> [Setting] {
        [
            Setting("forges.\(name).kind", .choice(["github", "gitea", "gitlab"])),
            Setting("forges.\(name).url", .url),
            Setting("forges.\(name).api", .url),
            Setting("forges.\(name).token", .secret),
            Setting("forges.\(name).clone_token", .secret),
            Setting("forges.\(name).ca_file", .text),
            Setting("forges.\(name).proxy", .url),
            Setting("forges.\(name).timeout", .whole(1...300), standard: "20"),
        ]
    }

    /// All, with those of the forges that are named.
    static func all(in sources: SettingSources) -> [Setting] {
        let names = sources.value("forges.names")?.text.split { $0 == "," || $0 == " " } ?? []
        return all.flatMap { setting in
            setting.key == "forges.default" ? [setting] + names.flatMap { ofForge(String($0)) } : [setting]
        }
    }
}
