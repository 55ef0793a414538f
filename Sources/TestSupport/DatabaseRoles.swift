import Foundation
package import Postgres
import SQL

/// URLs of one database for the roles that Skep is meant to be used with. The owner, who has migrated it, is no superuser.
package struct DatabaseRoles: Sendable {
    package let superuser: Database
    package let owner: String
    /// A login in the role `skep_server`.
    package let server: String
    /// Three logins in the role `skep_reader`.
    package let readers: [Reader]

    package struct Reader: Sendable {
        package let name: String
        package let url: String
    }
}

/// Gives the test a database of its own, migrated by an owner who may do what is needed and no more, with logins that are dropped
/// at the end.
package func withRoles(_ body: (DatabaseRoles) async throws -> Void) async throws {
    try await withDatabaseURL { url in
        let superuser = Database(DatabaseConfiguration(url: url), logger: .silent)
        let name = "role_\(UUID().uuidString.prefix(8).lowercased())"
        func login(_ name: String) -> String { url.replacingOccurrences(of: "postgres@", with: "\(name)@") }
        let roles = DatabaseRoles(
            superuser: superuser, owner: login("\(name)_owner"), server: login("\(name)_server"),
            readers: ["a", "b", "c"].map { .init(name: "\(name)_\($0)", url: login("\(name)_\($0)")) })
        let result: Result<Void, any Error>
        do {
            try await roles.prepare(name)
            result = .success(try await body(roles))
        } catch {
            result = .failure(error)
        }
        try await superuser.run("drop owned by \(name)_owner cascade")
        for login in ["\(name)_server"] + roles.readers.map(\.name) + ["\(name)_owner"] {
            try await superuser.run("drop role if exists \(login)")
        }
        await superuser.close()
        try result.get()
    }
}

extension DatabaseRoles {
    fileprivate func prepare(_ name: String) async throws {
        let row = try await superuser.first(Statement(name: "test.name", sql: "select current_database()::text"))
        guard let database: String = try row?.decode(at: 0) else { return }
        try await superuser.run("create role \(name)_owner login createrole")
        try await superuser.run("grant create on database \(database) to \(name)_owner")
        try await superuser.run("grant create on schema public to \(name)_owner")
        let migrations = try SQL.migrations.map { try Migration(fileName: $0.name, text: $0.sql) }
        _ = try await Migrator(url: owner, migrations: migrations, logger: .silent).run()
        try await superuser.run("create role \(name)_server login in role skep_server")
        for reader in readers { try await superuser.run("create role \(reader.name) login in role skep_reader") }
    }
}

extension Database {
    /// Runs one statement that is the test's own. Answers how many rows it touched.
    @discardableResult
    package func run(_ sql: String, _ parameters: [Parameter] = []) async throws -> Int {
        try await execute(Statement(name: "test: \(sql.hashValue)", sql: sql), parameters)
    }

    /// The first column of each row, as text.
    package func texts(_ sql: String, _ parameters: [Parameter] = []) async throws -> [String] {
        let statement = Statement(name: "test: \(sql.hashValue)", sql: "select c::text from (\(sql)) as q (c)")
        return try await query(statement, parameters).map { try $0.decode(String?.self, at: 0) ?? "null" }
    }
}
