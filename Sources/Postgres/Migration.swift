/// One step of the schema, from a file such as `0001_initial.sql`.
package struct Migration: Sendable, Hashable {
    /// Steps are run in the order of their numbers.
    package let number: Int
    package let name: String
    package let sql: String
    /// False when the first line is `-- skep: no transaction`, for what PostgreSQL refuses inside one
    /// (CREATE INDEX CONCURRENTLY). Such a file is run statement by statement and must bear being run again from its
    /// beginning: when it fails in the middle, what it did before stays.
    package let inTransaction: Bool

    package init(number: Int, name: String, sql: String, inTransaction: Bool = true) {
        self.number = number
        self.name = name
        self.sql = sql
        self.inTransaction = inTransaction
    }

    /// From a file's name, `NUMBER_NAME` with or without `.sql` or `.up.sql`, and its text.
    /// Throws `.migration` for any other name.
    package init(fileName: String, text: String) throws {
        let stem = fileName.split(separator: ".", maxSplits: 1).first ?? ""
        let parts = stem.split(separator: "_", maxSplits: 1)
        guard parts.count == 2, parts[0].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(parts[0])
        else { throw PostgresError(.migration, "\(fileName) is not NUMBER_NAME") }
        let firstLine = text.prefix { !$0.isNewline }
        self.init(
            number: number, name: String(parts[1]), sql: text,
            inTransaction: !firstLine.hasPrefix("-- skep: no transaction"))
    }
}
