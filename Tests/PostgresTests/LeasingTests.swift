import Postgres
import Synchronization
import TestSupport
import Testing

/// Transactions and leases.
struct LeasingTests {
    struct Refusal: Error {}

    @Test func aTransactionCommitsOrLeavesNothing() async throws {
        try await withDatabase { _, database in
            try await database.execute(sql("create table things (n int8)"))
            let value = try await database.transaction { connection in
                try await connection.execute(sql("insert into things values (1)"))
                try await database.expect("select count(*) from things", gives: 0)
                return try await connection.value("select count(*) from things", as: Int.self)
            }
            #expect(value == 1)
            await #expect(throws: Refusal.self) {
                try await database.transaction { connection in
                    try await connection.execute(sql("insert into things values (2)"))
                    throw Refusal()
                }
            }
            try await database.expect("select array_agg(n) from things", gives: [1])
            #expect(database.statistics.leasedInUse == 0)
        }
    }

    @Test func anErrorThatWasCaughtInsideStillForbidsTheCommit() async throws {
        try await withDatabase { _, database in
            try await database.execute(sql("create table things (n int8 not null)"))
            let error = await failure {
                try await database.transaction { connection in
                    try await connection.execute(sql("insert into things values (1)"))
                    _ = try? await connection.execute(
                        Statement(name: "culprit", sql: "insert into things values (null)"))
                    #expect(await failure { try await connection.query(sql("select 1")) }?.sqlState == "25P02")
                }
            }
            #expect(error?.sqlState == "23502" && error?.statement == "culprit")
            try await database.expect("select count(*) from things", gives: 0)
        }
    }

    @Test func theFirstStatementRunsInsideTheTransactionOrNotAtAll() async throws {
        try await withDatabase { _, database in
            let error = await failure {
                try await database.transaction { connection in
                    try await connection.query(sql("select nothing"))
                }
            }
            #expect(error?.sqlState == "42703")
            let isolation = try await database.transaction(isolation: .serializable) { connection in
                try await connection.value("select current_setting('transaction_isolation')", as: String.self)
            }
            #expect(isolation == "serializable")
            try await database.transaction { _ in }
            #expect(try await database.lease { try await $0.value("select 1") } == 1)
        }
    }

    @Test func aConstraintCheckedAtCommitIsTheTransactionsError() async throws {
        try await withDatabase { _, database in
            try await database.execute(
                sql("create table things (n int8 constraint once unique deferrable initially deferred)"))
            let error = await failure {
                try await database.transaction { connection in
                    try await connection.execute(sql("insert into things values (1), (1)"))
                }
            }
            #expect(error?.isUniqueViolation(constraint: "once") == true)
        }
    }

    @Test func whoLosesASerializationRaceTriesAgain() async throws {
        try await withDatabase { _, database in
            try await database.execute(sql("create table counters (n int8)"))
            try await database.execute(sql("insert into counters values (0)"))
            let tries = Mutex(0)
            try await database.transaction(isolation: .repeatableRead) { connection in
                let before = try await connection.value("select n from counters", as: Int.self)
                if tries.withLock({
                    $0 += 1; return $0
                }) == 1 {
                    try await database.execute(sql("update counters set n = n + 10"))
                }
                try await connection.execute(sql("update counters set n = $1"), [.int(before + 1)])
            }
            #expect(tries.withLock { $0 } == 2)
            try await database.expect("select n from counters", gives: 11)
        }
    }

    @Test func aSerializationFailureIsNotRetriedForEver() async throws {
        try await withDatabase { _, database in
            let tries = Mutex(0)
            let error = await failure {
                try await database.transaction { connection in
                    tries.withLock { $0 += 1 }
                    try await connection.execute(
                        sql("do $$ begin raise exception using errcode = 'serialization_failure'; end $$"))
                }
            }
            #expect(error?.isSerializationFailure == true)
            #expect(tries.withLock { $0 } == 4)
        }
    }

    @Test func deadlockedTransactionsBothEndWell() async throws {
        try await withDatabase { _, database in
            try await database.execute(sql("create table things (n int8 primary key, hits int8 default 0)"))
            try await database.execute(sql("insert into things values (1), (2)"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for order in [[1, 2], [2, 1]] {
                    group.addTask {
                        try await database.transaction { connection in
                            try await connection.execute(sql("set local deadlock_timeout = '20ms'"))
                            for number in order {
                                try await connection.execute(
                                    sql("update things set hits = hits + 1 where n = $1"), [.int(number)])
                                try await connection.execute(sql("select pg_sleep(0.05)"))
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await database.expect("select array_agg(hits) from things", gives: [2, 2])
        }
    }

    @Test func aStalePlanInsideATransactionStartsItAgain() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, leased: 1)) { database in
                try await database.execute(sql("create table things (n int4)"))
                try await database.execute(sql("insert into things values (1)"))
                for type in ["int8", "text"] {
                    let row = try await database.transaction { try await $0.first(sql("select * from things")) }
                    #expect(row?.count == 1)
                    try await database.execute(sql("alter table things alter n type \(type)"))
                }
                let row = try await database.transaction { try await $0.first(sql("select * from things")) }
                #expect(try row?.decode(at: 0) == "1")
            }
        }
    }

    @Test func cancellingStopsTheStatementAndTheConnectionLivesOn() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, leased: 1)) { database in
                let process = try await database.lease { try await $0.value("select pg_backend_pid()", as: Int.self) }
                let slow = Task {
                    try await database.transaction { connection in
                        try await connection.query(Statement(name: "slow", sql: "select pg_sleep(60)"))
                    }
                }
                let isRunning = "select count(*) from pg_stat_activity where pid = $1 and state = 'active'"
                try await eventually { try await database.value(isRunning, [.int(process)]) == 1 }
                slow.cancel()
                #expect(await failure { try await slow.value }?.code == .cancelled)
                let next = try await database.lease { try await $0.value("select pg_backend_pid()", as: Int.self) }
                #expect(next == process)
                try await database.expect(isRunning, [.int(process)], gives: 0)
            }
        }
    }

    @Test func aLeaseLeavesNoTransactionBehind() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, leased: 1)) { database in
                try await database.execute(sql("create table things (n int8)"))
                try await database.lease { connection in
                    try await connection.execute(sql("begin"))
                    try await connection.execute(sql("insert into things values (1)"))
                }
                try await database.lease { connection in
                    try await connection.expect("select count(*) from things", gives: 0)
                }
            }
        }
    }

    @Test func aConnectionKeptBeyondItsLeaseIsRefused() async throws {
        try await withDatabase { _, database in
            let kept = try await database.lease { $0 }
            #expect(await failure { try await kept.query(sql("select 1")) }?.code == .closed)
        }
    }

    @Test func leasesWaitInLineUpToABound() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, leased: 1, waiting: 1)) { database in
                let waiting = try await database.lease { _ in
                    let waiting = Task { try await database.lease { try await $0.value("select 1", as: Int.self) } }
                    try await eventually { oneWaits(database.statistics) }
                    let refused = await failure { try await database.lease { _ in } }
                    #expect(refused?.code == .overloaded && refused?.isUnavailable == true)
                    return waiting
                }
                let value = try await waiting.value
                #expect(value == 1)
                #expect(database.statistics.refused == 1)
            }
        }
    }

    @Test func leasesWaitInLineUpToADeadline() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, leased: 1, wait: .milliseconds(200))) { database in
                try await eventually { (try? await database.lease { _ in }) != nil }
                try await database.lease { _ in
                    #expect(await failure { try await database.lease { _ in } }?.code == .overloaded)
                }
                try await database.lease { try await $0.expect("select 1", gives: 1) }
            }
        }
    }

    @Test func aCancelledTaskLeavesTheLine() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, leased: 1)) { database in
                try await database.lease { _ in
                    let waiting = Task { try await database.lease { _ in } }
                    try await eventually { oneWaits(database.statistics) }
                    waiting.cancel()
                    #expect(await failure { try await waiting.value }?.code == .cancelled)
                    try await eventually { database.statistics.leasedWaiting == 0 }
                }
            }
        }
    }

    @Test func moreTransactionsThanConnectionsAllGetTheirTurn() async throws {
        try await withDatabaseURL { url in
            // Longer than all of them together take on a busy machine: the test is of the line, not of its deadline.
            try await withPool(DatabaseConfiguration(url: url, wait: .seconds(120))) { database in
                try await database.execute(sql("create table counters (n int8)"))
                try await database.execute(sql("insert into counters values (0)"))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<200 {
                        group.addTask {
                            _ = try await database.transaction { connection in
                                try await connection.execute(sql("update counters set n = n + 1"))
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                try await database.expect("select n from counters", gives: 200)
            }
        }
    }

    /// One has the only connection and another waits for it.
    private func oneWaits(_ statistics: PoolStatistics) -> Bool {
        statistics.leasedInUse == 1 && statistics.leasedWaiting == 1
    }
}
