import FoundationEssentials

/// PostgreSQL's clock: microseconds since 2000-01-01 UTC in the proleptic Gregorian calendar.
enum Timestamp {
    /// 2000-01-01 in seconds since 1970.
    private static let epoch: Double = 946_684_800
    /// 4713 BC (exclusive) and the year 294276, in seconds since 1970.
    private static let range: Range<Double> = -210_866_803_200..<9_224_318_016_000
    private static let secondsADay: Int64 = 86_400

    static func date(microseconds: Int64) -> Date {
        if microseconds == .max { return .distantFuture }
        if microseconds == .min { return .distantPast }
        let (seconds, rest) = divided(microseconds, by: 1_000_000)
        return Date(timeIntervalSince1970: epoch + Double(seconds) + Double(rest) / 1_000_000)
    }

    static func date(days: Int32) -> Date {
        if days == .max { return .distantFuture }
        if days == .min { return .distantPast }
        return Date(timeIntervalSince1970: epoch + Double(Int64(days) * secondsADay))
    }

    /// `2026-01-31 23:59:59.000001+00`, which the server reads whatever its DateStyle.
    static func text(_ date: Date) -> String {
        let interval = date.timeIntervalSince1970
        guard range.contains(interval) else { return interval < 0 ? "-infinity" : "infinity" }
        // Whole seconds apart: their product with a million would lose the last digits of far dates.
        let floor = interval.rounded(.down)
        let (carry, micro) = divided(Int64(((interval - floor) * 1_000_000).rounded()), by: 1_000_000)
        let (days, second) = divided(Int64(floor) + carry, by: secondsADay)
        let (year, month, day) = civil(days)
        let shown = padded(year > 0 ? year : 1 - year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2)
        let time = padded(second / 3600, 2) + ":" + padded(second / 60 % 60, 2) + ":" + padded(second % 60, 2)
        return "\(shown) \(time).\(padded(micro, 6))+00" + (year > 0 ? "" : " BC")
    }

    /// Year, month and day of a number of days since 1970. Years are counted from March, so that the leap day is last;
    /// 400 years have 146,097 days.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = divided(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * dayOfYear + 2) / 153
        let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        let day = dayOfYear - (153 * fromMarch + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// Quotient rounded down, so that the remainder is never negative.
    private static func divided(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
        let remainder = value % divisor
        return remainder < 0 ? (value / divisor - 1, remainder + divisor) : (value / divisor, remainder)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
