import Glibc

package enum FreePort {
    /// A port of 127.0.0.1 that nobody listens on now.
    package static func find() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw NotInTime(description: "no socket") }
        defer { close(descriptor) }
        var address = sockaddr_in()
        // By their places (ip(7)): whose module the fields belong to depends on what was compiled before.
        withUnsafeMutableBytes(of: &address) { bytes in
            bytes.storeBytes(of: sa_family_t(AF_INET), as: sa_family_t.self)
            bytes.storeBytes(of: UInt32(0x7F00_0001).bigEndian, toByteOffset: 4, as: UInt32.self)
        }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw NotInTime(description: "no port is free") }
        return Int(
            in_port_t(bigEndian: withUnsafeBytes(of: address) { $0.load(fromByteOffset: 2, as: in_port_t.self) }))
    }
}
