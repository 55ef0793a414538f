import Logging

/// What `skep_migrations` says was applied, held against the migrations of this program.
struct MigrationHistory {
    struct Record {
        let number: Int
        let name: String
        let checksum: String
    }

    private let migrations: [Migration]
    private let checksums: [Int: String]

    /// Throws `.migration` when two have the same number. `checksums` are in the order of the migrations.
    init(_ migrations: [Migration], checksums: [String]) throws(PostgresError) {
        var byNumber: [Int: String] = [:]
        for (migration, checksum) in zip(migrations, checksums) {
            guard byNumber.updateValue(checksum, forKey: migration.number) == nil else {
                throw PostgresError(.migration, "there are two migrations \(migration.number)")
            }
        }
        self.migrations = migrations.sorted { $0.number < $1.number }
        self.checksums = byNumber
    }

    func checksum(of migration: Migration) -> String { checksums[migration.number] ?? "" }

    /// What is still to be applied, in order.
    ///
    /// Throws `.migration` when a recorded one is unknown, has another name or text, or when one that is not recorded
    /// comes before one that is. Numbers above ours are a newer program's and let be.
    func pending(_ records: [Record]) throws(PostgresError) -> [Migration] {
        let known = Dictionary(uniqueKeysWithValues: migrations.map { ($0.number, $0) })
        for record in records { try check(record, known[record.number]) }
        let applied = Set(records.map(\.number))
        let pending = migrations.filter { !applied.contains($0.number) }
        if let first = pending.first, let last = applied.max(), first.number < last {
            throw PostgresError(.migration, "migration \(first.number) was left out: \(last) is applied already")
        }
        return pending
    }

    /// Whether a newer program has been here.
    func isAhead(_ records: [Record]) -> Bool {
        records.contains { $0.number > migrations.last?.number ?? 0 }
    }

    private func check(_ record: Record, _ migration: Migration?) throws(PostgresError) {
        guard let migration else {
            if record.number > migrations.last?.number ?? 0 { return }
            throw PostgresError(.migration, "migration \(record.number) (\(record.name)) is applied and unknown here")
        }
        guard record.name == migration.name else {
            throw PostgresError(
                .migration, "migration \(record.number) is \(record.name) in the database and \(migration.name) here")
        }
        guard record.checksum == checksum(of: migration) else {
            throw PostgresError(
                .migration, "migration \(record.number) (\(record.name)) was changed after it had been applied")
        }
    }
}
