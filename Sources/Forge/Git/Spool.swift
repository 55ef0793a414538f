import FoundationEssentials

/// `skep/spool` in a bare repository: pushes written by its hook that the server has not taken yet.
struct Spool: Sendable {
    let gitDir: String

    var folder: String { "\(gitDir)/skep/spool" }

    /// The names of the pushes, oldest first.
    func names() -> [String] {
        Files.names(in: folder).filter { $0.hasSuffix(SpooledPush.suffix) }
    }

    func remove(_ name: String) throws(ForgeError) {
        try Files.remove("\(folder)/\(name)")
    }

    /// Keeps a push that the server does not want under another name, the reason as its last line.
    func setAside(_ name: String, reason: String) throws(ForgeError) {
        let bytes = try Files.read("\(folder)/\(name)", atMost: SpooledPush.limit)
        let refused = "\(folder)/\(name.dropLast(SpooledPush.suffix.count)).refused"
        try Files.write(bytes + Array("# \(reason.onOneLine)\n".utf8), to: refused, mode: 0o600)
        try remove(name)
    }

    /// Runs `work` while no other process or task holds the lock of this spool.
    ///
    /// nil, and `work` not run, where the lock was not free within `patience`.
    func withLock<Value>(patience: Duration, _ work: () async throws -> Value) async throws -> Value? {
        guard let lock = try await FileLock.take("\(gitDir)/skep/lock", patience: patience) else { return nil }
        defer { lock.release() }
        return try await work()
    }
}

/// One push as the hook wrote it: `SECONDS.NANOSECONDS-UUID.push`, lines of `BEFORE AFTER REF`.
struct SpooledPush: Sendable {
    static let suffix = ".push"
    /// Bytes; a push of 250,000 refs fits.
    static let limit = 32 << 20

    var deliveryID: String
    var pushedAt: Date?
    var refs: [PushPayload.Ref]

    /// nil where the file is not what our hook writes.
    init?(name: String, bytes: [UInt8]) {
        let parts = name.dropLast(Self.suffix.count).split(separator: "-", maxSplits: 1)
        guard parts.count == 2, (1...100).contains(parts[1].utf8.count) else { return nil }
        deliveryID = String(parts[1])
        pushedAt = parts[0].split(separator: ".").first.flatMap { Double($0) }.map(Date.init(timeIntervalSince1970:))
        refs = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 2).map {
                String(decoding: $0, as: UTF8.self)
            }
            guard fields.count == 3, ObjectName.isWhole(fields[0]), ObjectName.isWhole(fields[1]) else { return nil }
            refs.append(PushPayload.Ref(ref: fields[2], before: fields[0], after: fields[1]))
        }
        if refs.isEmpty { return nil }
    }
}
