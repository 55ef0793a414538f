import Builds
import Foundation
import Hummingbird

/// A month of a year, in UTC, written as `2026-11`.
struct Month: Comparable, CustomStringConvertible {
    /// Months since year 0.
    private let index: Int

    private init(index: Int) {
        self.index = index
    }

    init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 4, parts[1].utf8.count == 2, let year = Int(parts[0]),
            let month = Int(parts[1]), (1970...9999).contains(year), (1...12).contains(month)
        else { return nil }
        index = year * 12 + month - 1
    }

    static var current: Month {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let now = calendar.dateComponents([.year, .month], from: Date())
        return Month(index: (now.year ?? 1970) * 12 + (now.month ?? 1) - 1)
    }

    var description: String {
        let month = index % 12 + 1
        return "\(index / 12)-\(month < 10 ? "0" : "")\(month)"
    }

    func before(_ months: Int) -> Month { Month(index: max(index - months, 1970 * 12)) }

    func months(since other: Month) -> Int { index - other.index }

    static func < (left: Month, right: Month) -> Bool { left.index < right.index }
}

extension Request {
    /// nil: not there. Throws `invalid` for what is no month.
    func month(_ name: String) throws -> Month? {
        guard let text = query(name) else { return nil }
        guard let month = Month(text) else { throw Refusal.invalid("\(name) must be a month such as 2026-11.") }
        return month
    }
}
