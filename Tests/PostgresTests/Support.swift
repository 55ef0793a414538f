import Logging
import Postgres
import TestSupport
import Testing

/// A statement of a test.
func sql(_ text: String) -> Statement { Statement(name: "test", sql: text) }

/// A pool with settings of one's own, closed afterwards.
func withPool<T>(_ configuration: DatabaseConfiguration, _ body: (Database) async throws -> T) async throws -> T {
    let database = Database(configuration, logger: .silent)
    do {
        let value = try await body(database)
        await database.close()
        return value
    } catch {
        await database.close(within: .zero)
        throw error
    }
}

/// The `PostgresError` that `body` throws; nil when it throws none.
func failure<T>(_ body: () async throws -> T) async -> PostgresError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? PostgresError
    }
}

extension Session {
    /// The only value of a statement.
    func value<T: ColumnDecodable>(
        _ text: String, _ parameters: [Parameter] = [], as type: T.Type = T.self
    ) async throws -> T {
        try #require(try await first(sql(text), parameters)).decode(at: 0)
    }

    /// The only value of a statement, compared.
    func expect<T: ColumnDecodable & Equatable>(
        _ text: String, _ parameters: [Parameter] = [], gives expected: T,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let value: T = try await value(text, parameters)
        #expect(value == expected, "\(text)", sourceLocation: sourceLocation)
    }
}

/// Reads the next column and compares it.
func expectNext<T: ColumnDecodable & Equatable>(
    _ columns: inout ColumnReader, _ expected: T, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let value: T = try columns.next()
    #expect(value == expected, sourceLocation: sourceLocation)
}
