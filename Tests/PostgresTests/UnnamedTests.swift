import Postgres
import TestSupport
import Testing

/// What changes when statements have no names, for proxies that pool by transaction.
struct UnnamedTests {
    @Test func nothingIsLeftOnTheSession() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, shared: 1, leased: 1, named: false)) { database in
                try await database.execute(sql("create table things (n int8)"))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<50 {
                        group.addTask {
                            try await database.execute(sql("insert into things values ($1)"), [.int(number)])
                        }
                    }
                    try await group.waitForAll()
                }
                let left = "select count(*) from pg_prepared_statements"
                try await database.expect(left, gives: 0)
                try await database.expect("select current_setting('statement_timeout')", gives: "0")
                let value = try await database.transaction { connection in
                    try await connection.execute(sql("insert into things values ($1)"), [50])
                    return try await connection.value(left, as: Int.self)
                }
                #expect(value == 0)
                try await database.expect("select count(*) from things", gives: 51)
            }
        }
    }

    @Test func namedStatementsArePreparedOnceAConnection() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, shared: 1)) { database in
                for number in 0..<20 { try await database.expect("select $1::int8", [.int(number)], gives: number) }
                let left = "select count(*) from pg_prepared_statements"
                try await database.expect(left, gives: 2)
                try await database.expect("select current_setting('statement_timeout')", gives: "30s")
                try await database.expect("select current_setting('application_name')", gives: "skep")
            }
        }
    }

    @Test func textsMadeUpAtRunTimeDoNotFillTheServer() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, shared: 1)) { database in
                for number in 0..<1100 { try await database.expect("select \(number)", gives: number) }
                try await database.expect("select count(*) from pg_prepared_statements", gives: 1000)
            }
        }
    }
}
