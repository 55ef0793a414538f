import Postgres
import TestSupport
import Testing

/// Connections that break, and pools that close.
struct ReconnectTests {
    private static let killAll = """
        select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()
        """

    @Test func whatIsInFlightFailsAndWhatComesLaterSucceeds() async throws {
        try await withDatabase { url, killer in
            try await withPool(DatabaseConfiguration(url: url, shared: 2)) { database in
                try await database.expect("select 1", gives: 1)
                try await eventually { database.statistics.sharedOpen == 2 }
                let slow = (0..<6).map { _ in Task { try await database.query(sql("select pg_sleep(60)")) } }
                try await eventually { database.statistics.sharedInFlight == 6 }
                let sleeping =
                    "from pg_stat_activity where query ~ '^select pg_sleep' and state = 'active'"
                    + " and datname = current_database()"
                try await eventually { try await killer.value("select count(*) \(sleeping)") == 2 }
                _ = try await killer.query(sql("select pg_terminate_backend(pid) \(sleeping)"))
                for task in slow {
                    let error = await failure { try await task.value }
                    #expect(error?.code == .connection && error?.isUnavailable == true)
                }
                try await database.expect("select 1", gives: 1)
                try await eventually { database.statistics.sharedOpen == 2 }
                #expect(database.statistics.broken == 2)
            }
        }
    }

    @Test func aTransactionWhoseConnectionBreaksFailsOnce() async throws {
        try await withDatabase { url, killer in
            try await withPool(DatabaseConfiguration(url: url, leased: 1)) { database in
                let error = await failure {
                    try await database.transaction { connection in
                        let process = try await connection.value("select pg_backend_pid()", as: Int.self)
                        try await killer.execute(sql("select pg_terminate_backend($1)"), [.int(process)])
                        try await connection.execute(sql("select 1"))
                    }
                }
                #expect(error?.code == .connection)
                try await database.transaction { try await $0.expect("select 2", gives: 2) }
            }
        }
    }

    @Test func anIdleConnectionThatBreaksIsReplacedBeforeItIsMissed() async throws {
        try await withDatabase { url, killer in
            try await withPool(DatabaseConfiguration(url: url, shared: 1)) { database in
                try await database.expect("select 1", gives: 1)
                _ = try await killer.query(sql(Self.killAll))
                try await eventually { database.statistics.opened >= 2 }
                try await database.expect("select 1", gives: 1)
            }
        }
    }

    @Test func listenersHearAndLearnOfReconnections() async throws {
        try await withDatabase { _, database in
            var events = database.listen(to: "Odd \"channel\"").makeAsyncIterator()
            #expect(await events.next() == .connected)
            try await database.execute(sql("select pg_notify($1, 'one')"), ["Odd \"channel\""])
            #expect(await events.next() == .notification("one"))
            var second = database.listen(to: "Odd \"channel\"").makeAsyncIterator()
            #expect(await second.next() == .connected)
            _ = try await database.query(sql(Self.killAll + " and query ~ 'listen'"))
            #expect(await events.next() == .connected)
            #expect(await second.next() == .connected)
            try await database.execute(sql("select pg_notify($1, '')"), ["Odd \"channel\""])
            #expect(await events.next() == .notification(""))
            #expect(await second.next() == .notification(""))
        }
    }

    @Test func channelsComeAndGo() async throws {
        try await withDatabase { _, database in
            let listening =
                "select count(*) from pg_stat_activity where datname = current_database() and query ~ '^(un)?listen'"
            let first = Task { for await _ in database.listen(to: "a") {} }
            var other = database.listen(to: "b").makeAsyncIterator()
            #expect(await other.next() == .connected)
            try await eventually { database.statistics.listening }
            first.cancel()
            await first.value
            try await database.execute(sql("select pg_notify('a', ''), pg_notify('b', 'still')"))
            #expect(await other.next() == .notification("still"))
            try await database.expect(listening, gives: 1)
            let last = Task { [other] in
                var other = other
                while await other.next() != nil {}
            }
            last.cancel()
            await last.value
            try await eventually { !database.statistics.listening }
        }
    }

    @Test func withoutADirectURLAProxyIsNotListenedThrough() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url, named: false)) { database in
                let events = database.listen(to: "a")
                try await database.expect("select 1", gives: 1)
                await database.close()
                for await event in events { Issue.record("\(event)") }
            }
            try await withPool(DatabaseConfiguration(url: url, directURL: url, named: false)) { database in
                var events = database.listen(to: "a").makeAsyncIterator()
                #expect(await events.next() == .connected)
            }
        }
    }

    @Test func closingWaitsForStatementsAndLeases() async throws {
        try await withDatabase { url, other in
            try await other.execute(sql("create table things (n int8)"))
            try await withPool(DatabaseConfiguration(url: url)) { database in
                let insert = sql("insert into things values (1)")
                let (shared, leased, closing) = try await other.transaction { connection in
                    try await connection.execute(sql("lock table things"))
                    let shared = Task { try await database.execute(insert) }
                    let leased = Task {
                        try await database.transaction { connection in
                            try await connection.execute(insert)
                            return try await connection.execute(insert)
                        }
                    }
                    try await eventually {
                        database.statistics.sharedInFlight == 1 && database.statistics.leasedInUse == 1
                    }
                    let closing = Task { await database.close() }
                    try await eventually {
                        await failure { try await database.lease { _ in } }?.code == .closed
                    }
                    return (shared, leased, closing)
                }
                _ = try await (shared.value, leased.value)
                await closing.value
                #expect(await failure { try await database.query(sql("select 1")) }?.code == .closed)
                #expect(database.statistics.sharedOpen == 0)
            }
            try await other.expect("select count(*) from things", gives: 3)
        }
    }

    @Test func closingDoesNotWaitForEver() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url)) { database in
                let slow = Task { try await database.query(sql("select pg_sleep(60)")) }
                let held = Task { try await database.lease { try await $0.query(sql("select pg_sleep(60)")) } }
                try await eventually {
                    database.statistics.sharedInFlight == 1 && database.statistics.leasedInUse == 1
                }
                await database.close(within: .milliseconds(50))
                #expect(await failure { try await slow.value }?.code == .closed)
                #expect(await failure { try await held.value }?.code == .closed)
            }
        }
    }

    @Test func aCancelledServiceEndsAtOnce() async throws {
        try await withDatabaseURL { url in
            try await withPool(DatabaseConfiguration(url: url)) { database in
                let service = Task { try await database.run() }
                try await eventually { database.statistics.sharedOpen == 4 }
                service.cancel()
                try await service.value
                #expect(await failure { try await database.query(sql("select 1")) }?.code == .closed)
            }
        }
    }
}
