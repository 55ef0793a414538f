import Core
import Pipeline
import Sealing

/// Which secrets a build gets, and why it does not get the others. docs/pipelines.md, "Secrets", says the same.
struct SecretRules: Sendable {
    var event: Event
    var isPrivate: Bool
    /// A pull request whose commits come from another repository.
    var fromFork: Bool

    /// Why nothing of any source is given. nil: something may be.
    var refusal: String? { fromFork ? "this is a pull request from a fork" : nil }

    /// A pull request of a public repository, which anybody who may push to it has shaped.
    var isPublicPullRequest: Bool { event == .pullRequest && !isPrivate }

    /// Why `.drone.sec` is withheld from a build of this `.drone.yml`. nil: it is given.
    func refusal(of file: SecretFile, config: [UInt8]) -> String? {
        if let refusal { return refusal }
        guard let checksum = file.checksum else {
            return isPublicPullRequest
                ? "this is a pull request of a public repository, and .drone.sec has no checksum of .drone.yml" : nil
        }
        return Self.matches(checksum, config) ? nil : "its checksum is not that of .drone.yml"
    }

    /// Why an inline value is withheld: no checksum can be of a file that holds it.
    var inlineRefusal: String? {
        refusal ?? (isPublicPullRequest ? "this is a pull request of a public repository" : nil)
    }

    /// Why a named secret is withheld. nil: it is given.
    func refusal(of secret: NamedSecret) -> String? {
        if let refusal { return refusal }
        return secret.events.contains(event) ? nil : "it is not for the event \(event.rawValue)"
    }

    /// Why no build gets this value, whatever its source. nil: it may be given.
    static func refusal(ofValue value: String) -> String? {
        if value.count < NamedSecret.minimumCharacters {
            return "it has less than \(NamedSecret.minimumCharacters) characters, so that it could not be masked"
        }
        if value.utf8.count > 64 << 10 { return "it has more than 64 KiB" }
        return value.utf8.contains(0) ? "it has the character NUL in it" : nil
    }

    /// `HASH`, `HASH NAME` or `HASH SIZE NAME`: SHA-1, SHA-256 or SHA-512 in hex, and the size in bytes unless it is 0.
    static func matches(_ checksum: String, _ config: [UInt8]) -> Bool {
        let words = checksum.split(whereSeparator: \.isWhitespace)
        guard let hash = words.first, let expected = [UInt8](hex: hash.lowercased()) else { return false }
        if words.count >= 3 {
            guard let size = Int(words[1]), size >= 0, size == 0 || size == config.count else { return false }
        }
        switch expected.count {
        case 20: return constantTimeEqual(expected, Digest.sha1(config))
        case 32: return constantTimeEqual(expected, Digest.sha256(config))
        case 64: return constantTimeEqual(expected, Digest.sha512(config))
        default: return false
        }
    }
}
