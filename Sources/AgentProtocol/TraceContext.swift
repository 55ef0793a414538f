/// Where a request stands in a trace (W3C Trace Context, level 1): what a caller sends as `traceparent`.
package struct TraceContext: Sendable, Hashable {
    /// 32 hexadecimal digits, not all zero.
    package let traceID: String
    /// 16 hexadecimal digits, not all zero: the request itself.
    package let spanID: String
    /// Whether the caller keeps the trace.
    package let isSampled: Bool

    /// A trace of its own.
    package init() {
        traceID = Self.hex(UInt64.random(in: 1 ... .max)) + Self.hex(UInt64.random(in: 0 ... .max))
        spanID = Self.hex(UInt64.random(in: 1 ... .max))
        isSampled = false
    }

    /// nil: no `traceparent` that can be understood. Of a later version its first four parts are (section 3.2.2.1).
    package init?(traceparent text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count >= 4, Self.isHex(parts[0], 2), parts[0] != "ff", parts[0] != "00" || parts.count == 4,
            Self.isHex(parts[1], 32), parts[1].contains(where: { $0 != "0" }),
            Self.isHex(parts[2], 16), parts[2].contains(where: { $0 != "0" }),
            Self.isHex(parts[3], 2), let flags = UInt8(parts[3], radix: 16)
        else { return nil }
        traceID = String(parts[1])
        spanID = String(parts[2])
        isSampled = flags & 1 == 1
    }

    private init(traceID: String, isSampled: Bool) {
        self.traceID = traceID
        self.isSampled = isSampled
        spanID = Self.hex(UInt64.random(in: 1 ... .max))
    }

    /// What this one causes, in the same trace.
    package var child: TraceContext { TraceContext(traceID: traceID, isSampled: isSampled) }

    package var traceparent: String { "00-\(traceID)-\(spanID)-\(isSampled ? "01" : "00")" }

    /// Capitals are not allowed (section 3.2.2).
    private static func isHex(_ text: Substring, _ length: Int) -> Bool {
        text.utf8.count == length
            && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private static func hex(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
