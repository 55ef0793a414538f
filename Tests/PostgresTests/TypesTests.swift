import FoundationEssentials
import Postgres
import TestSupport
import Testing

/// Values on their way to the server and back.
struct TypesTests {
    @Test func everyTypeGoesThereAndComesBack() async throws {
        try await withDatabase { _, database in
            try await roundTrips(database, "bool", [true, false]) { .bool($0) }
            try await roundTrips(database, "int8", [0, -1, .max, .min]) { .int($0 as Int64) }
            try await roundTrips(database, "int8", [0, -1, Int.max, .min]) { .int($0) }
            try await roundTrips(database, "int4", [0, -1, Int32.max, .min]) { .int($0) }
            try await roundTrips(database, "int2", [0, -1, Int16.max, .min]) { .int(Int($0)) }
            try await roundTrips(
                database, "float8", [0, -1.5, .pi, .greatestFiniteMagnitude, .infinity, .leastNonzeroMagnitude]
            ) {
                .double($0)
            }
            let texts = [
                "", "a", "it's \"so\" \\", "äöü 🐝\u{301}", "line\nline\r\n", String(repeating: "x", count: 70_000),
            ]
            for type in ["text", "varchar", "json"] {
                try await roundTrips(database, type, type == "json" ? ["{\"a\":  1}"] : texts) { .text($0) }
            }
            try await roundTrips(database, "uuid", [UUID(), UUID()]) { .uuid($0) }
            try await roundTrips(database, "bytea", [[], [0], [1, 0, 255], [UInt8](repeating: 0xA5, count: 1 << 20)]) {
                .bytes($0)
            }
            try await roundTrips(database, "int8[]", [[], [1], [.min, 0, .max]]) { .ints($0 as [Int64]) }
            try await roundTrips(database, "int4[]", [[], [-1, 2]]) { .ints($0 as [Int]) }
            try await roundTrips(
                database, "text[]", [[], [""], ["a,b", "{}", "null", "\"\\", " ", "ä", "a\nb"], texts]
            ) {
                .texts($0)
            }
            let dates = [0, 951_782_400.000001, -0.5, 1_700_000_000.123456, 253_402_300_799].map {
                Date(timeIntervalSince1970: $0)
            }
            for date in dates {
                let back: Date = try await database.value("select $1::timestamptz", [.timestamp(date)])
                #expect(abs(back.timeIntervalSince(date)) < 0.000_002)
            }
        }
    }

    private func roundTrips<T: ColumnDecodable & Equatable>(
        _ database: Database, _ type: String, _ values: [T], _ parameter: (T) -> Parameter
    ) async throws {
        for value in values {
            let back: T? = try await database.value("select $1::\(type)", [parameter(value)])
            #expect(back == value, "\(type)")
        }
        let null: T? = try await database.value("select $1::\(type)", [.null])
        #expect(null == nil, "\(type)")
    }

    @Test func whatTheServerMakes() async throws {
        try await withDatabase { _, database in
            try await database.execute(sql("create type mood as enum ('good', 'bad')"))
            let row = try #require(
                try await database.first(
                    sql(
                        """
                        select 'bad'::mood, '{"a": 1}'::jsonb, 1.5::float4, 'x'::name, '2000-01-02'::date,
                               'infinity'::timestamptz, '1 day 01:00:00.5'::interval, array['good']::mood[],
                               array[1, 2]::int2[], 'c'::"char", 'p'::char(3), null::int8[], 7::oid, nan
                        from (select 'NaN'::float8 as nan) as given
                        """)))
            var c = row.columns
            try expectNext(&c, "bad")
            #expect(try row.decode(Mood.self, at: 0) == .bad)
            try expectNext(&c, #"{"a": 1}"#)
            try expectNext(&c, 1.5)
            try expectNext(&c, "x")
            try expectNext(&c, Date(timeIntervalSince1970: 946_684_800 + 86_400))
            try expectNext(&c, Date.distantFuture)
            try expectNext(&c, Duration.seconds(90_000.5))
            try expectNext(&c, ["good"])
            try expectNext(&c, [1, 2])
            try expectNext(&c, "c")
            try expectNext(&c, "p  ")
            try expectNext(&c, [Int64]?.none)
            try expectNext(&c, 7)
            let notANumber: Double = try c.next()
            #expect(notANumber.isNaN)
            #expect(row.count == c.index)
        }
    }

    private enum Mood: String, ColumnDecodable {
        case good, bad
    }

    @Test(arguments: [
        "select 'x'", "select 1.5::float8", "select null::int8", "select 300000000000", "select 1::numeric",
        "select array[1]", "select now()", "select '\\x00'::bytea", "select true",
    ])
    func whatIsNoInt32IsRefusedByName(_ text: String) async throws {
        try await withDatabase { _, database in
            let error = await failure {
                try await database.first(Statement(name: "things.find", sql: "\(text) as thing"))?
                    .decode(Int32.self, at: 0)
            }
            #expect(error?.code == .decoding)
            #expect(error?.statement == "things.find")
            #expect(error?.message.contains("\"thing\"") == true)
            #expect(error?.message.contains("Int32") == true)
        }
    }

    @Test func refusesColumnsThatAreNotThereAndArraysThatAreNotPlain() async throws {
        try await withDatabase { _, database in
            let row = try #require(
                try await database.first(sql("select array[[1], [2]], array[1, null], 'abcdefghijklmnop', 1")))
            for column in [-1, 0, 1, 2, 3, 4] {
                #expect(throws: PostgresError.self) { try row.decode([Int].self, at: column) }
            }
            #expect(throws: PostgresError.self) { try row.decode(Mood.self, at: 2) }
            #expect(row.isNull(at: 4))
        }
    }

    @Test func charactersThatTextCannotHoldAreReplaced() async throws {
        try await withDatabase { _, database in
            try await database.expect("select $1", [.text("a\0b\0")], gives: "a\u{FFFD}b\u{FFFD}")
            try await database.expect("select $1::text[]", [.texts(["\0", "x"])], gives: ["\u{FFFD}", "x"])
            #expect(try await database.value("select $1::text is null", [.text(nil)], as: Bool.self))
        }
    }

    @Test func literalsAndOptionalsAreParameters() async throws {
        try await withDatabase { _, database in
            let none: Int? = nil
            let row = try #require(
                try await database.first(
                    sql("select $1::text, $2::int8, $3::bool, $4::int8, $5::jsonb->>'a'"),
                    ["a", 2, true, .int(none), .json(#"{"a": "b"}"#)]))
            var c = row.columns
            try expectNext(&c, "a")
            try expectNext(&c, 2)
            try expectNext(&c, true)
            c.skip()
            try expectNext(&c, "b")
            #expect(try row.decode(at: 3) == none)
        }
    }

    @Test func bytesCanBeReadInPlace() async throws {
        try await withDatabase { _, database in
            let row = try #require(
                try await database.first(sql(#"select '\x0102'::bytea, '{"a":1}'::jsonb, null::bytea, 'é'"#)))
            var c = row.columns
            let bytes = c.nextBytes { Array($0) }
            let json = c.nextBytes { String(decoding: $0, as: UTF8.self) }
            let none = c.nextBytes { $0.count }
            #expect(bytes == [1, 2] && json == #"{"a": 1}"# && none == 0)
            #expect(row.withBytes(at: 3) { $0.count } == 2)
        }
    }

    @Test func rowsAreACollectionAndCountWhatWasDone() async throws {
        try await withDatabase { _, database in
            let rows = try await database.query(sql("select n from generate_series(1, 5) as n"))
            #expect(try rows.map { try $0.decode(Int.self, at: 0) } == [1, 2, 3, 4, 5])
            #expect(rows.count == 5 && rows.affected == 5)
            try await database.execute(sql("create table things (n int8)"))
            #expect(try await database.execute(sql("insert into things values (1), (2)")) == 2)
            #expect(try await database.execute(sql("update things set n = 3 where n = $1"), [9]) == 0)
            #expect(try await database.first(sql("select 1 where false")) == nil)
        }
    }

    @Test func tooManyParametersAreRefusedHere() async throws {
        try await withDatabase { _, database in
            let many = [Parameter](repeating: 1, count: 65_536)
            #expect(await failure { try await database.query(sql("select 1"), many) }?.sqlState == "54000")
            try await database.expect("select 1", gives: 1)
        }
    }
}
