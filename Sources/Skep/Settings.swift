import Configuration
import Foundation
import SystemPackage

/// Where settings come from: environment variables `SKEP_…`, then the file, then defaults. `config/skep.yaml` documents them.
struct Settings: Sendable {
    let reader: ConfigReader
    let check: ConfigurationCheck

    /// Throws when anything that is set is wrong, and says all of it at once.
    ///
    /// - Parameter file: YAML; nil: `SKEP_CONFIG`, or no file.
    init(file: String?) async throws {
        let variables = ProcessInfo.processInfo.environment
        let environment = EnvironmentVariablesProvider().prefixKeys(with: "skep")
        if let file = file ?? variables["SKEP_CONFIG"] {
            do {
                let text = try String(contentsOfFile: file, encoding: .utf8)
                check = ConfigurationCheck(
                    sources: try SettingSources(environment: variables, yaml: text, name: file))
                let yaml = try await FileProvider<YAMLSnapshot>(filePath: FilePath(file))
                reader = ConfigReader(providers: [environment, yaml])
            } catch let error as SettingsError {
                throw error
            } catch {
                throw SettingsError(message: "The configuration file \(file) cannot be read: \(error)")
            }
        } else {
            reader = ConfigReader(providers: [environment])
            check = ConfigurationCheck(sources: SettingSources(environment: variables))
        }
        let problems = check.problems
        guard problems.isEmpty else {
            throw SettingsError(message: problems.joined(separator: "\nskep: "), exitCode: EX_CONFIG)
        }
    }

    var databaseURL: String {
        get throws {
            guard let url = try secret("database.url") else {
                throw SettingsError(
                    message: "Set database.url (SKEP_DATABASE_URL), such as postgresql://skep@db.example.com/skep.")
            }
            return url
        }
    }

    /// For LISTEN and migrations, where `database.url` is a transaction-pooling proxy.
    var databaseDirectURL: String? {
        get throws { try secret("database.direct_url") }
    }

    /// A streaming standby that takes some of the reading; nil: there is none.
    var databaseReplicaURL: String? {
        get throws { try secret("database.replica_url") }
    }

    /// Seconds that the standby may be behind and still be read.
    var databaseReplicaLag: Int {
        get throws { try int("database.replica_lag", in: 1...3600) ?? 10 }
    }

    /// Where `skep report` reads, as whom; nil: where everything else is.
    var databaseReportURL: String? {
        get throws { try secret("database.report_url") }
    }

    /// False: statements without names, for proxies that pool by transaction.
    var preparesStatements: Bool {
        get throws { try bool("database.prepared_statements") ?? true }
    }

    var listen: Listen {
        get throws { try Listen(string("listen") ?? "127.0.0.1:8080") }
    }

    /// How the server is reached from outside.
    var publicURL: String? {
        guard let url = string("url") else { return nil }
        return url.hasSuffix("/") ? String(url.dropLast()) : url
    }

    var keyRing: String {
        get throws {
            guard let ring = try secret("keyring") else {
                throw SettingsError(
                    message:
                        "Set keyring_file (SKEP_KEYRING_FILE) to the file that `skep key generate` writes: secrets are sealed with it."
                )
            }
            return ring
        }
    }

    /// The folder of bare repositories.
    var gitRoot: String? { string("git.root") }

    var lease: Int {
        get throws { try int("agents.lease", in: 10...3600) ?? 30 }
    }

    /// Seconds that idle connections stay open when the server stops.
    var drain: Int {
        get throws { try int("limits.drain_seconds", in: 0...20) ?? 2 }
    }

    var agentServer: String? { string("server") }

    var agentToken: String? {
        get throws { try secret("agent.token")?.trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    var agentSlots: Int? {
        get throws { try int("agent.slots", in: 1...1000) }
    }

    /// A text or number of the section `agent`.
    func agent(_ key: String) -> String? {
        let name = ConfigKey("agent.\(key)")
        return reader.string(forKey: name) ?? reader.int(forKey: name).map { "\($0)" }
            ?? reader.double(forKey: name).map { "\($0)" }
    }

    /// Bytes.
    var agentOutputLimit: Int64? {
        get throws { try int("agent.output_limit", in: 4096...1 << 40).map(Int64.init) }
    }

    var logLevel: String? { string("log.level") }

    var logFormat: Log.Format { Log.Format(rawValue: string("log.format") ?? "") ?? .auto }

    /// Whether each request is logged.
    var logsRequests: Bool {
        get throws { try bool("log.requests") ?? false }
    }

    func string(_ key: String) -> String? {
        reader.string(forKey: ConfigKey(key))
    }

    func int(_ key: String, in range: ClosedRange<Int>) throws -> Int? {
        guard let text = string(key) ?? reader.int(forKey: ConfigKey(key)).map(String.init) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw SettingsError(message: "\(key) must be a whole number, \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    private func bool(_ key: String) throws -> Bool? {
        guard let text = string(key) ?? reader.bool(forKey: ConfigKey(key)).map({ $0 ? "true" : "false" }) else {
            return nil
        }
        guard let value = Bool(text.lowercased()) else { throw SettingsError(message: "\(key) must be true or false.") }
        return value
    }

    /// A secret itself, or the contents of the file named by `KEY_file`.
    func secret(_ key: String) throws -> String? {
        if let value = reader.string(forKey: ConfigKey(key), isSecret: true) { return value }
        guard let file = string("\(key)_file") else { return nil }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw SettingsError(message: "\(key)_file: \(file) cannot be read.")
        }
        let text = String(decoding: data, as: UTF8.self)
        return key == "keyring" ? text : text.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

/// An address to listen on, such as `127.0.0.1:8080`, `[::1]:8080` or `0.0.0.0:8080`.
struct Listen: Sendable, Hashable {
    var host: String
    var port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// - Parameter key: the setting that `text` is of, for what is said when it is wrong.
    init(_ text: String, key: String = "listen") throws {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65535).contains(port)
        else { throw SettingsError(message: "\(key) must be HOST:PORT, such as 127.0.0.1:8080; it is \(text).") }
        let host = text[..<colon]
        self.host = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : String(host)
        self.port = port
    }

    var url: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
}

/// What to change of the configuration.
struct SettingsError: Error, CustomStringConvertible {
    var message: String
    /// As of sysexits.h, where a supervisor can make use of it.
    var exitCode: Int32 = 1

    var description: String { message }
}
