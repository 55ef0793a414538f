/// Why something could not be sealed, opened or read. No case carries key material or plaintext.
package enum SealingError: Error, Hashable {
    /// Not made with this key, for this context, or changed since. Which of these stays untold.
    case authenticationFailed
    /// Not in the form it has to be; the text says what is wrong.
    case malformed(String)
    /// No key has this id.
    case unknownKey(String)
    /// The key of this id is not the one that the check value was made with.
    case wrongKey(String)
    /// The key of this id is no random one.
    case weakKey(String)
    /// Longer than this kind of thing may be.
    case tooLarge
    /// OpenSSL refused; its reason.
    case library(String)
}

extension SealingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .authenticationFailed: "cannot be opened: wrong key, wrong place, or changed"
        case .malformed(let reason): "malformed: \(reason)"
        case .unknownKey(let id): "no key has the id \(id)"
        case .wrongKey(let id): "the key \(id) is not the one used before under this id"
        case .weakKey(let id): "the key \(id) is not random: make one with `skep key generate`"
        case .tooLarge: "too large"
        case .library(let reason): "OpenSSL: \(reason)"
        }
    }
}
