package import Core

/// The secrets that a job's plan may have, and what to say of the others. What may be had is decided before.
package struct PlanSecrets: Sendable {
    /// What an inline `secure:` value came to.
    package enum Inline: Sendable {
        case opened(Variables)
        case withheld(String)
    }

    /// Values of `.drone.sec`: put in as `$$NAME`, and given to steps that name them.
    package var file = Variables()
    /// False: steps with commands get nothing of `file`, neither put in nor by name.
    package var fileReachesCommands = true
    /// Named secrets that the event may have; images are looked at step by step.
    package var named: [NamedSecret] = []
    /// Why the build gets no secret of any source; nil: it may get some.
    package var refusal: String?
    /// Why a name is not among those above, where there is more to say than that nobody knows it. In lower case.
    package var withheld: [String: String] = [:]
    /// By the text that stands in the file.
    package var inline: [String: Inline] = [:]

    package init() {}
}

/// A variable of a step whose value is a secret.
struct SecretVariable: Sendable {
    enum Source: Sendable, Hashable {
        /// By the secret's name.
        case named(String)
        /// An inline value, a compact JWE.
        case sealed(String)
    }

    var name: String
    var source: Source
    var place: Place
}

extension SecretVariable {
    /// `secrets:` of a step: names, or `{source, target}`. A name alone is the variable's too, in upper case.
    static func list(_ entry: YAMLValue.Entry?) throws(ConfigurationError) -> [SecretVariable] {
        guard let entry else { return [] }
        let items = try entry.value.items("\"secrets\"")
        guard items.count <= StepDefinition.maximumVariables else {
            throw ConfigurationError(
                at: entry.place, "\"secrets\" has more than \(StepDefinition.maximumVariables) names; use fewer")
        }
        return try items.map(item)
    }

    private static func item(_ value: YAMLValue) throws(ConfigurationError) -> SecretVariable {
        guard case .mapping = value.content else {
            let name = try value.text("a secret")
            return try SecretVariable(name: name.uppercased(), source: .named(name), place: value.place).checked()
        }
        let section = try Section(value, .secret)
        guard let source = try section["source"]?.value.text("source"), !source.isEmpty else {
            throw ConfigurationError(at: value.place, "the secret has no name; write `source:`")
        }
        let target = try section["target"]?.value.text("target") ?? source.uppercased()
        return try SecretVariable(name: target, source: .named(source), place: value.place).checked()
    }

    /// The entries of `environment:` that are `{from_secret: name}` or `{secure: text}`.
    static func list(environment entry: YAMLValue.Entry?) throws(ConfigurationError) -> [SecretVariable] {
        guard case .mapping(let entries) = entry?.value.content else { return [] }
        var variables: [SecretVariable] = []
        for inner in entries {
            guard case .mapping = inner.value.content else { continue }
            let section = try Section(inner.value, .secretValue)
            let place = inner.value.place
            switch (section["from_secret"]?.value, section["secure"]?.value) {
            case (let name?, nil):
                let name = try name.text("from_secret")
                variables.append(try SecretVariable(name: inner.key, source: .named(name), place: place).checked())
            case (nil, let text?):
                let text = try text.text("secure")
                variables.append(try SecretVariable(name: inner.key, source: .sealed(text), place: place).checked())
            default:
                throw ConfigurationError(
                    at: place, "\(quoted(inner.key)) must be text, `{from_secret: …}` or `{secure: …}`")
            }
        }
        return variables
    }

    func checked() throws(ConfigurationError) -> SecretVariable {
        guard (1...255).contains(name.utf8.count), !name.contains("="), !name.contains("\0") else {
            throw ConfigurationError(
                at: place, "\(quoted(name)) cannot be a variable; write 1 to 255 bytes without \"=\"")
        }
        if case .named(let secret) = source, secret.isEmpty {
            throw ConfigurationError(at: place, "the secret has no name; write one")
        }
        return self
    }
}

extension NamedSecret {
    /// Whether one of its patterns fits the image, with or without the tag. Without patterns it is for every step.
    func isFor(image: String) -> Bool {
        guard !images.isEmpty else { return true }
        let name = image.split(separator: "@").first.map(String.init) ?? image
        let untagged = name.lastIndex(of: ":").flatMap { colon in
            name[colon...].contains("/") ? nil : String(name[..<colon])
        }
        return images.contains { pattern in
            guard let glob = Glob(pattern) else { return false }
            return glob.matches(image) || glob.matches(name) || untagged.map(glob.matches) == true
        }
    }
}
