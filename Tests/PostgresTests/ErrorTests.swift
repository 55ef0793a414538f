import Postgres
import TestSupport
import Testing

/// What errors tell, and what they keep to themselves.
struct ErrorTests {
    @Test func violationsNameTheirConstraint() async throws {
        try await withDatabase { _, database in
            try await database.execute(
                sql(
                    """
                    create table people (
                        id int8 constraint people_have_one_id primary key,
                        age int8 constraint ages_are_not_negative check (age >= 0),
                        boss int8 constraint bosses_are_people references people
                    )
                    """))
            let insert = Statement(name: "people.add", sql: "insert into people (id, age, boss) values ($1, $2, $3)")
            try await database.execute(insert, [1, 10, .null])
            let unique = await failure { try await database.execute(insert, [1, 47_114_711, .null]) }
            #expect(unique?.isUniqueViolation() == true)
            #expect(unique?.isUniqueViolation(constraint: "people_have_one_id") == true)
            #expect(unique?.isUniqueViolation(constraint: "other") == false)
            #expect(unique?.code == .server("23505") && unique?.statement == "people.add")
            let check = await failure { try await database.execute(insert, [2, -47_114_711, .null]) }
            #expect(check?.isCheckViolation(constraint: "ages_are_not_negative") == true)
            #expect(check.map { !"\($0)".contains("4711471") } == true)
            #expect(check?.debugDescription.contains("4711471") == true)
            let foreign = await failure { try await database.execute(insert, [2, 1, 47_114_711]) }
            #expect(foreign?.isForeignKeyViolation(constraint: "bosses_are_people") == true)
            #expect(foreign.map { !"\($0)".contains("4711471") } == true)
            #expect(foreign?.isUnavailable == false)
        }
    }

    @Test(arguments: [
        ("select $1::int8", "22P02"), ("select $1::timestamptz", "22007"), ("select $1::jsonb", "22P02"),
        ("select ('{' || $1)::int[]", "22P02"), ("select $1::varchar || (1/0)::text", "22012"),
    ])
    func valuesStayOutOfDescriptions(_ text: String, _ state: String) async throws {
        try await withDatabase { _, database in
            let error = await failure { try await database.query(sql(text), ["hunter2"]) }
            #expect(error?.sqlState == state)
            #expect(error.map { !"\($0) \($0.message)".contains("hunter2") } == true)
        }
    }

    @Test func aRaisedExceptionKeepsItsTextForDebugging() async throws {
        try await withDatabase { _, database in
            let error = await failure {
                try await database.query(sql("do $$ begin raise exception 'hunter2'; end $$"))
            }
            #expect(error?.sqlState == "P0001")
            #expect(error.map { !"\($0)".contains("hunter2") && $0.debugDescription.contains("hunter2") } == true)
        }
    }

    @Test func wrongSQLSaysWhatIsWrong() async throws {
        try await withDatabase { _, database in
            let error = await failure { try await database.query(Statement(name: "a.b", sql: "select nothing")) }
            #expect(error?.sqlState == "42703")
            #expect(error.map { "\($0)" } == #"server 42703 in a.b: column "nothing" does not exist"#)
        }
    }

    @Test func anUnreachableDatabaseIsUnavailable() async throws {
        try await withPool(
            DatabaseConfiguration(url: "postgres://nobody:hunter2@127.0.0.1:1/none", wait: .milliseconds(200))
        ) { database in
            let error = await failure { try await database.query(sql("select 1")) }
            #expect(error?.code == .connection && error?.isUnavailable == true)
            #expect(error.map { !$0.debugDescription.contains("hunter2") } == true)
        }
    }

    @Test func aMalformedURLIsNotQuoted() async throws {
        try await withPool(DatabaseConfiguration(url: "postgres://me:hunter2@[oops", wait: .milliseconds(200))) {
            database in
            let error = await failure { try await database.query(sql("select 1")) }
            #expect(error?.code == .connection)
            #expect(error.map { !$0.debugDescription.contains("hunter2") } == true)
        }
    }
}
