import Core
import Pipeline
import Sealing
import Store

/// The secrets of a claimed job.
struct BuildSecrets: Sendable, Redacted {
    var plan = PlanSecrets()
    /// Every value that was opened, given or not.
    var masks: [String] = []
    /// What is withheld, and why.
    var notes: [String] = []
}

extension Engine {
    /// Opens what the build's sources hold, and leaves in `plan` what the rules let the build have. What cannot be opened is
    /// withheld, and the build runs.
    func secrets(of work: JobWork, _ configuration: Configuration) async throws -> BuildSecrets {
        let rules = SecretRules(
            event: work.build.event, isPrivate: work.repo.isPrivate, fromFork: work.build.fromFork)
        var secrets = BuildSecrets()
        secrets.plan.refusal = rules.refusal
        let inline = configuration.sealedValues
        if work.sealed != nil || !inline.isEmpty {
            // Whoever shaped a fork could have put anything there: nothing of it is opened at all.
            let pairs = rules.refusal == nil ? try await store.keyPairs(repoID: work.repo.id) : []
            if let sealed = work.sealed { open(file: sealed, work, rules, pairs, &secrets) }
            for text in inline { open(inline: text, rules, pairs, &secrets) }
        }
        if configuration.namesSecrets, rules.refusal == nil {
            for secret in try await store.openSecrets(tenantID: work.repo.tenantID, repoID: work.repo.id) {
                add(secret, rules, &secrets)
            }
        }
        return secrets
    }

    private func open(
        file sealed: String, _ work: JobWork, _ rules: SecretRules, _ pairs: [KeyPair], _ secrets: inout BuildSecrets
    ) {
        if let refusal = rules.refusal {
            secrets.notes.append("the secrets of .drone.sec are withheld: \(refusal)")
            return
        }
        let file: SecretFile
        do {
            file = try SecretFile(yaml: try JWE.decrypt(sealed, keys: pairs))
        } catch {
            secrets.notes.append(
                "the secrets of .drone.sec are withheld: the file cannot be opened with a key of this repository")
            return
        }
        secrets.masks += file.values.map(\.value)
        if let refusal = rules.refusal(of: file, config: work.config ?? []) {
            secrets.notes.append("the secrets of .drone.sec are withheld: \(refusal)")
            for entry in file.values { secrets.plan.withheld[entry.name.lowercased()] = refusal }
            return
        }
        if rules.isPublicPullRequest {
            secrets.plan.fileReachesCommands = false
            secrets.notes.append(
                "the secrets of .drone.sec are withheld from commands: this is a pull request of a public repository")
        }
        for entry in file.values {
            if let refusal = SecretRules.refusal(ofValue: entry.value) {
                secrets.plan.withheld[entry.name.lowercased()] = refusal
                secrets.notes.append("the secret \(entry.name) of .drone.sec is withheld: \(refusal)")
            } else {
                secrets.plan.file[entry.name] = entry.value
            }
        }
    }

    private func open(inline text: String, _ rules: SecretRules, _ pairs: [KeyPair], _ secrets: inout BuildSecrets) {
        if let refusal = rules.inlineRefusal {
            secrets.plan.inline[text] = .withheld(refusal)
            return
        }
        guard let file = try? SecretFile(yaml: try JWE.decrypt(text, keys: pairs)) else {
            secrets.plan.inline[text] = .withheld("it cannot be opened with a key of this repository")
            return
        }
        secrets.masks += file.values.map(\.value)
        let refusal = file.values.lazy.compactMap { SecretRules.refusal(ofValue: $0.value) }.first
        secrets.plan.inline[text] = refusal.map { .withheld($0) } ?? .opened(file.values)
    }

    private func add(_ secret: NamedSecret, _ rules: SecretRules, _ secrets: inout BuildSecrets) {
        secrets.masks.append(secret.value)
        if let refusal = rules.refusal(of: secret) ?? SecretRules.refusal(ofValue: secret.value) {
            secrets.plan.withheld[secret.name.lowercased()] = secrets.plan.withheld[secret.name.lowercased()] ?? refusal
        } else {
            secrets.plan.named.append(secret)
        }
    }
}
