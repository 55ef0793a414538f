import Postgres
import TestSupport
import Testing

/// Statements on shared, pipelined connections.
struct SharedTests {
    @Test func aThousandAtOnceEachGetTheirOwnAnswer() async throws {
        try await withDatabase { _, database in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<1000 {
                    group.addTask {
                        let rows = try await database.query(
                            Statement(name: "echo", sql: "select $1::int8, repeat('x', $1::int4)"), [.int(number)])
                        #expect(try rows[0].decode(at: 0) == number)
                        #expect(rows[0].withBytes(at: 1) { $0.count } == number)
                    }
                }
                try await group.waitForAll()
            }
            try await eventually { database.statistics.sharedOpen == 4 }
        }
    }

    @Test func anErrorAmidOthersHarmsOnlyItself() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, shared: 1)) { database in
                try await database.execute(sql("create table things (n int8 not null)"))
                let failed = await withTaskGroup(of: Int?.self) { group in
                    for number in 0..<90 {
                        group.addTask {
                            let text =
                                switch number % 3 {
                                case 0: "insert into things select 10 / ($1::int8 % 2)"
                                case 1: "insert into things values ($1 / 0)"
                                default: "this is no SQL $1"
                                }
                            do {
                                try await database.execute(Statement(name: "n\(number % 3)", sql: text), [.int(number)])
                                return nil
                            } catch {
                                return number
                            }
                        }
                    }
                    return await group.reduce(into: Set<Int>()) { if let number = $1 { $0.insert(number) } }
                }
                #expect(failed == Set((0..<90).filter { $0 % 3 != 0 || $0 % 2 == 0 }))
                try await database.expect("select count(*) from things", gives: 15)
            }
        }
    }

    @Test func moreThanASocketTakesAtOnceGoesThrough() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, shared: 1)) { database in
                let block = [UInt8](repeating: 7, count: 3 << 20)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<8 {
                        group.addTask { try await database.expect("select $1::bytea", [.bytes(block)], gives: block) }
                    }
                    try await group.waitForAll()
                }
            }
        }
    }

    @Test(arguments: [true, false]) func aStatementWhosePlanIsStaleRunsAgain(_ named: Bool) async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, shared: 1, named: named)) { database in
                try await database.execute(sql("create table things (n int4)"))
                try await database.execute(sql("insert into things values (1)"))
                #expect(try await database.query(sql("select * from things"))[0].decode(at: 0) == 1)
                try await database.execute(sql("alter table things alter n type text"))
                #expect(try await database.query(sql("select * from things"))[0].decode(at: 0) == "1")
                try await database.execute(sql("alter table things add m text default 'm'"))
                #expect(try await database.query(sql("select * from things"))[0].count == 2)
                try await database.execute(sql("drop table things"))
                #expect(await failure { try await database.query(sql("select * from things")) }?.sqlState == "42P01")
                try await database.execute(sql("create table things (n int4)"))
                #expect(try await database.query(sql("select * from things")).isEmpty)
            }
        }
    }

    @Test func namesTheServerLostAreMadeAgain() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, shared: 1)) { database in
                try await database.expect("select 5", gives: 5)
                try await database.execute(sql("deallocate all"))
                try await database.expect("select 5", gives: 5)
            }
        }
    }

    @Test func aCancelledTaskStopsWaitingAndHarmsNobody() async throws {
        try await withDatabase { url, other in
            try await other.execute(sql("create table things (n int8)"))
            try await withPool(DatabaseConfiguration(url: url, shared: 1)) { database in
                let neighbour = try await other.transaction { connection in
                    try await connection.execute(sql("lock table things"))
                    let slow = Task { try await database.execute(sql("insert into things values (1)")) }
                    try await eventually {
                        try await connection.value(
                            "select count(*) from pg_locks where relation = 'things'::regclass and not granted") == 1
                    }
                    let neighbour = Task { try await database.value("select 2", as: Int.self) }
                    slow.cancel()
                    #expect(await failure { try await slow.value }?.code == .cancelled)
                    return neighbour
                }
                let value = try await neighbour.value
                #expect(value == 2)
                try await database.expect("select count(*) from things", gives: 1)
            }
        }
    }

    @Test func aTaskCancelledBeforeSendsNothing() async throws {
        try await withDatabase { _, database in
            try await database.execute(sql("create table things (n int8)"))
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return await failure { try await database.execute(sql("insert into things values (1)")) }
            }
            #expect(await task.value?.code == .cancelled)
            try await database.expect("select count(*) from things", gives: 0)
        }
    }

    @Test func aStatementHasItsTime() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, statementTimeout: .milliseconds(100))) { database in
                let error = await failure { try await database.query(sql("select pg_sleep(30)")) }
                #expect(error?.code == .timeout && error?.sqlState == SQLState.queryCanceled)
                try await database.expect("select 1", gives: 1)
            }
        }
    }

    @Test func copyIsRefused() async throws {
        try await withDatabase { _, database in
            #expect(await failure { try await database.query(sql("copy (select 1) to stdout")) } != nil)
            try await database.expect("select 1", gives: 1)
        }
    }
}
