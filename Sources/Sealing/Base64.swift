/// Base 64 in one of its two alphabets (RFC 4648, sections 4 and 5), read strictly: no white space, no missing or extra
/// padding, no bits set that stand for nothing. So each sequence of bytes has exactly one text.
struct Base64 {
    private let alphabet: [UInt8]
    private let values: [UInt8?]
    private let isPadded: Bool

    /// With `+`, `/` and padding.
    static let standard = Base64(last: "+/", isPadded: true)
    /// With `-`, `_` and no padding, as in JOSE (RFC 7515, section 2).
    static let url = Base64(last: "-_", isPadded: false)

    private static let padding = UInt8(ascii: "=")

    private init(last: String, isPadded: Bool) {
        alphabet = Array(("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + last).utf8)
        var values = [UInt8?](repeating: nil, count: 256)
        for (value, character) in alphabet.enumerated() { values[Int(character)] = UInt8(value) }
        self.values = values
        self.isPadded = isPadded
    }

    func encode(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for byte in bytes {
            bits = bits << 8 | UInt32(byte)
            count += 8
            while count >= 6 {
                count -= 6
                text.append(alphabet[Int(bits >> count & 63)])
            }
        }
        if count > 0 { text.append(alphabet[Int(bits << (6 - count) & 63)]) }
        while isPadded && !text.count.isMultiple(of: 4) { text.append(Self.padding) }
        return String(decoding: text, as: UTF8.self)
    }

    func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        let digits = text.prefix { $0 != Self.padding }
        let missing = (4 - digits.count % 4) % 4
        guard missing < 3, text.count == digits.count + (isPadded ? missing : 0) else { return nil }
        guard text.dropFirst(digits.count).allSatisfy({ $0 == Self.padding }) else { return nil }
        return decode(digits: digits)
    }

    private func decode(digits: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count * 3 / 4)
        var bits: UInt32 = 0
        var count = 0
        for digit in digits {
            guard let value = values[Int(digit)] else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
                bits &= 1 << count - 1
            }
        }
        return bits == 0 ? bytes : nil
    }
}

extension Sequence<UInt8> {
    /// Base 64 with `-`, `_` and no padding.
    package var base64URL: String { Base64.url.encode(self) }
    /// Base 64 with `+`, `/` and padding.
    package var base64: String { Base64.standard.encode(self) }
}

extension [UInt8] {
    /// nil for anything that `base64URL` would not have written.
    package init?(base64URL text: some StringProtocol) {
        guard let bytes = Base64.url.decode(text.utf8) else { return nil }
        self = bytes
    }

    /// nil for anything that `base64` would not have written.
    package init?(base64 text: some StringProtocol) {
        guard let bytes = Base64.standard.decode(text.utf8) else { return nil }
        self = bytes
    }
}
