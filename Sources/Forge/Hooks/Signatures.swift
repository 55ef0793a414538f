import Sealing

extension HookRequest {
    /// Verifies HMAC-SHA256 over `bytes` with the first of these headers that is there and not empty, in constant time.
    ///
    /// - Parameter headers: names, each with what stands before the hex digits.
    func verify(_ headers: [(name: String, start: String)], over bytes: [UInt8], secret: String) throws(HookError) {
        let found = headers.lazy.compactMap { header in
            self[header: header.name].flatMap { $0.isEmpty ? nil : (value: $0, start: header.start) }
        }.first
        guard let found, found.value.hasPrefix(found.start), !secret.isEmpty,
            let code = [UInt8](hex: found.value.dropFirst(found.start.count)),
            HMAC.isValid(sha256: code, key: secret.utf8, data: bytes)
        else { throw .badSignature }
    }
}
