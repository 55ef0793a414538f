import Sealing

private let pair: KeyPair = {
    do {
        return try KeyPair.generate()
    } catch {
        preconditionFailure("no key pair: \(error)")
    }
}()

private let sealed: [String] = {
    do {
        return try JWE.encrypt(Array("TOKEN: secret\n".utf8), for: pair).split(separator: ".").map(String.init)
    } catch {
        preconditionFailure("nothing sealed: \(error)")
    }
}()

/// A compact JWE. A part that is only `*` stands for that of one that opens, so that the later parts are reached too: what opens
/// then can only be the original.
func fuzzJWE(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).enumerated().map { index, part in
        part == "*" && index < sealed.count ? sealed[index] : String(part)
    }
    for compact in [text, parts.joined(separator: ".")] {
        guard let opened = try? JWE.decrypt(compact, keys: [pair]) else { continue }
        precondition(opened == Array("TOKEN: secret\n".utf8), "it opens, and nobody sealed it")
    }
}

/// A token, and everything else that people send as one.
func fuzzToken(_ input: [UInt8]) {
    let text = String(decoding: input, as: UTF8.self)
    if let token = Token(text) {
        precondition(token.text == text && token.hash.count == 32)
        precondition([Token.userPrefix, Token.agentPrefix, Token.jobPrefix].contains(token.prefix))
    }
    // The sum is made right, so that what follows it is reached.
    let made = Token.generate()
    precondition(Token(made.text) == made)
    if let bytes = [UInt8](hex: text) { precondition(bytes.hex == text.lowercased()) }
    if let bytes = [UInt8](base64URL: text) { precondition(bytes.base64URL == text) }
    _ = try? KeyRing(text: text)
    _ = try? KeyPair(privatePEM: text)
}
