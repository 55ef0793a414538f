import Builds
import Configuration
import Forge
import Foundation
import Logging

/// A forge with an API, as the configuration has it: `forges.NAME.…`.
struct ForgeSettings: Sendable {
    enum Kind: String, Sendable {
        case github, gitea, gitlab

        /// Where its API is when nothing else is said.
        func api(of url: String) -> String {
            switch self {
            case .github: url == "https://github.com" ? "https://api.github.com" : url + "/api/v3"
            case .gitea: url + "/api/v1"
            case .gitlab: url + "/api/v4"
            }
        }
    }

    var name: String
    var kind: Kind
    var address: ForgeAddress

    func client(logger: Logger) throws -> any ForgeClient {
        switch kind {
        case .github: try GitHubForge(address, logger: logger)
        case .gitea: try GiteaForge(address, logger: logger)
        case .gitlab: try GitLabForge(address, logger: logger)
        }
    }
}

/// All forges of a server.
struct ForgesSettings: Sendable {
    /// The folder of bare repositories, which is the forge `git`. nil: there is none.
    var gitRoot: String?
    var hosted: [ForgeSettings] = []
    /// The name of the one whose repositories are named without it. nil: there are no forges.
    var defaultName: String?

    init(gitRoot: String?) {
        self.gitRoot = gitRoot
        defaultName = gitRoot == nil ? nil : "git"
    }
}

extension Settings {
    /// - Parameter publicURL: how forges reach this server.
    func forges(publicURL: String) throws -> ForgesSettings {
        var settings = ForgesSettings(gitRoot: gitRoot)
        let names = list("forges.names")
        guard Set(names).count == names.count, !names.contains("git") else {
            throw SettingsError(message: "forges.names must name each forge once, and none of them git.")
        }
        let wanted = string("forges.default") ?? settings.defaultName ?? names.first
        guard wanted == nil || wanted == settings.defaultName || names.contains(wanted ?? "") else {
            throw SettingsError(message: "forges.default must be one of forges.names, or git where git.root is set.")
        }
        settings.defaultName = wanted
        for name in names {
            settings.hosted.append(try forge(name, isDefault: name == wanted, publicURL: publicURL))
        }
        return settings
    }

    private func forge(_ name: String, isDefault: Bool, publicURL: String) throws -> ForgeSettings {
        let letters = Set("abcdefghijklmnopqrstuvwxyz0123456789")
        guard (1...40).contains(name.count), name.allSatisfy(letters.contains) else {
            throw SettingsError(message: "forges.names: \(name) must be 1 to 40 small letters and digits.")
        }
        guard let kind = string("forges.\(name).kind").flatMap(ForgeSettings.Kind.init) else {
            throw SettingsError(message: "forges.\(name).kind must be github, gitea or gitlab.")
        }
        let usual = kind == .github ? "https://github.com" : kind == .gitlab ? "https://gitlab.com" : nil
        guard let url = string("forges.\(name).url") ?? usual else {
            throw SettingsError(message: "Set forges.\(name).url, such as https://git.example.com.")
        }
        guard let token = try secret("forges.\(name).token"), !token.isEmpty else {
            throw SettingsError(message: "Set forges.\(name).token_file to a file that holds Skep's token there.")
        }
        let base = url.hasSuffix("/") ? String(url.dropLast()) : url
        let forge = isDefault ? nil : name
        do {
            var address = try ForgeAddress(
                url: base, api: string("forges.\(name).api") ?? kind.api(of: base), token: token, forge: forge,
                hookURL: Forges.hookURL(publicURL, forge: forge))
            address.cloneToken = try secret("forges.\(name).clone_token")
            address.certificates = string("forges.\(name).ca_file")
            address.proxy = string("forges.\(name).proxy")
            address.timeout = .seconds(try int("forges.\(name).timeout", in: 1...300) ?? 20)
            return ForgeSettings(name: name, kind: kind, address: address)
        } catch let error as ForgeError {
            throw SettingsError(message: "forges.\(name): \(error).")
        }
    }
}
