/// A condition that did not come to hold in time.
package struct NotInTime: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) {
        self.description = description
    }
}

/// Asks again and again, at short intervals, until `condition` is true.
///
/// An error from it counts as not yet. Do not use `#expect` inside, which records each failed try.
///
/// - Throws: `NotInTime` with the place of the call and the last error, if `timeout` passes before.
package func eventually(
    timeout: Duration = .seconds(120), isolation: isolated (any Actor)? = #isolation,
    file: StaticString = #fileID, line: UInt = #line, _ condition: () async throws -> Bool
) async throws {
    _ = try await eventualValue(timeout: timeout, file: file, line: line) { try await condition() ? true : nil }
}

/// Asks again and again, at short intervals, until there is a value, and returns it. As `eventually` in all else.
package func eventualValue<T>(
    timeout: Duration = .seconds(120), isolation: isolated (any Actor)? = #isolation,
    file: StaticString = #fileID, line: UInt = #line, _ value: () async throws -> T?
) async throws -> T {
    let deadline = ContinuousClock.now + timeout
    while true {
        var problem = ""
        do {
            if let found = try await value() { return found }
        } catch {
            problem = ": \(error)"
        }
        guard ContinuousClock.now < deadline else {
            throw NotInTime(description: "\(file):\(line): not within \(timeout)\(problem)")
        }
        try await Task.sleep(for: .milliseconds(15))
    }
}
