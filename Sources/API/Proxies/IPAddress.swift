import Glibc
import NIOCore

/// An Internet address. One of IPv4 is held as its IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2), so that both forms are one.
package struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// The first 64 bits.
    let high: UInt64
    /// The last 64 bits.
    let low: UInt64

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads `192.0.2.1` or `2001:db8::1`, with nothing around it. nil for everything else.
    package init?(_ text: some StringProtocol) {
        guard (2...45).contains(text.utf8.count), !text.utf8.contains(0) else { return nil }
        let text = String(text)
        var four: UInt32 = 0
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(four: four)
            return
        }
        var six: (UInt64, UInt64) = (0, 0)
        guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
        self.init(high: UInt64(bigEndian: six.0), low: UInt64(bigEndian: six.1))
    }

    /// nil for what is no Internet address, such as a socket in the file system.
    ///
    /// Read by their places (ip(7), ipv6(7)): whose module the structures' fields belong to depends on what was compiled before.
    init?(_ address: SocketAddress?) {
        switch address {
        case .v4(let four):
            self.init(four: withUnsafeBytes(of: four.address) { $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self) })
        case .v6(let six):
            let (high, low) = withUnsafeBytes(of: six.address) {
                (
                    $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
                    $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
                )
            }
            self.init(high: UInt64(bigEndian: high), low: UInt64(bigEndian: low))
        case .unixDomainSocket, nil: return nil
        }
    }

    /// As the network has it.
    private init(four: UInt32) {
        self.init(high: 0, low: Self.mapped | UInt64(UInt32(bigEndian: four)))
    }

    private static let mapped: UInt64 = 0xFFFF_0000_0000

    var isIPv4: Bool { high == 0 && low & ~0xFFFF_FFFF == Self.mapped }

    /// What one subscriber usually has: of IPv6 all of a /64, of IPv4 the address.
    var subscriber: IPAddress { isIPv4 ? self : IPAddress(high: high, low: 0) }

    package var description: String {
        if isIPv4 { return "\(low >> 24 & 255).\(low >> 16 & 255).\(low >> 8 & 255).\(low & 255)" }
        var bytes = (high.bigEndian, low.bigEndian)
        return String(unsafeUninitializedCapacity: Int(INET6_ADDRSTRLEN)) { buffer in
            buffer.withMemoryRebound(to: CChar.self) { text in
                guard inet_ntop(AF_INET6, &bytes, text.baseAddress, socklen_t(INET6_ADDRSTRLEN)) != nil else {
                    return 0
                }
                return text.firstIndex(of: 0) ?? 0
            }
        }
    }
}

/// All addresses with a common beginning, such as `10.0.0.0/8` or `2001:db8::/32`.
package struct AddressRange: Sendable, Hashable {
    private let high: UInt64
    private let low: UInt64
    private let highMask: UInt64
    private let lowMask: UInt64

    /// Reads an address or an address with the length of its beginning (RFC 4632, 3.1; RFC 4291, 2.3). nil for all else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        var length = 128
        if parts.count == 2 {
            let most = address.isIPv4 && !first.contains(":") ? 32 : 128
            guard let given = Int(parts[1]), (0...most).contains(given), parts[1].utf8.first != UInt8(ascii: "+") else {
                return nil
            }
            length = given + 128 - most
        }
        highMask = Self.mask(min(length, 64))
        lowMask = Self.mask(max(length - 64, 0))
        high = address.high & highMask
        low = address.low & lowMask
    }

    func contains(_ address: IPAddress) -> Bool {
        address.high & highMask == high && address.low & lowMask == low
    }

    private static func mask(_ length: Int) -> UInt64 {
        length == 0 ? 0 : .max << UInt64(64 - length)
    }
}
