import Core
package import FoundationEssentials
import HTTPTypes
import Hummingbird
package import NIOCore

/// Writes JSON (RFC 8259) straight into a buffer, fields in the order they are written.
///
/// The order of fields is part of the documented API, which no encoder of the libraries keeps.
package struct JSONWriter {
    package private(set) var buffer: ByteBuffer
    private var needsComma = false

    package init(capacity: Int) {
        buffer = ByteBufferAllocator().buffer(capacity: capacity)
    }

    package mutating func object(_ body: (inout JSONWriter) throws -> Void) rethrows {
        open(UInt8(ascii: "{"))
        try body(&self)
        close(UInt8(ascii: "}"))
    }

    package mutating func array<S: Sequence>(_ values: S, _ body: (inout JSONWriter, S.Element) throws -> Void) rethrows
    {
        open(UInt8(ascii: "["))
        for value in values { try body(&self, value) }
        close(UInt8(ascii: "]"))
    }

    package mutating func field(_ name: StaticString, _ value: String) {
        key(name)
        string(value)
        needsComma = true
    }

    package mutating func field(_ name: StaticString, _ value: some FixedWidthInteger) {
        key(name)
        integer(Int64(value))
        needsComma = true
    }

    package mutating func field(_ name: StaticString, _ value: Bool) {
        key(name)
        buffer.writeStaticString(value ? "true" : "false")
        needsComma = true
    }

    /// Whole seconds since 1970; 0 for none.
    package mutating func field(_ name: StaticString, _ value: Date?) {
        field(name, value.map { Int64($0.timeIntervalSince1970.rounded(.down)) } ?? 0)
    }

    /// A value that is JSON already.
    package mutating func field(_ name: StaticString, json: String) {
        key(name)
        buffer.writeString(json)
        needsComma = true
    }

    package mutating func field(_ name: StaticString, _ body: (inout JSONWriter) throws -> Void) rethrows {
        key(name)
        needsComma = false
        try body(&self)
        needsComma = true
    }

    private mutating func open(_ bracket: UInt8) {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        buffer.writeInteger(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        buffer.writeInteger(bracket)
        needsComma = true
    }

    private mutating func key(_ name: StaticString) {
        if needsComma { buffer.writeInteger(UInt8(ascii: ",")) }
        buffer.writeInteger(UInt8(ascii: "\""))
        buffer.writeStaticString(name)
        buffer.writeStaticString("\":")
    }

    private mutating func integer(_ value: Int64) {
        if value >= 0, value < 10 {
            buffer.writeInteger(UInt8(ascii: "0") + UInt8(value))
        } else {
            buffer.writeString(String(value))
        }
    }

    private mutating func string(_ value: String) {
        var value = value
        let isPlain = value.withUTF8 { bytes in
            let isPlain = bytes.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
            if isPlain {
                buffer.writeInteger(UInt8(ascii: "\""))
                buffer.writeBytes(bytes)
                buffer.writeInteger(UInt8(ascii: "\""))
            }
            return isPlain
        }
        if !isPlain { buffer.writeString(value.asJSON) }
    }
}

extension Response {
    init(_ json: JSONWriter, status: HTTPResponse.Status = .ok) {
        self.init(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: json.buffer))
        if status == .ok { headers[.eTag] = EntityTag.of(json.buffer) }
    }
}
