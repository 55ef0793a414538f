import FoundationEssentials
import Testing

@testable import Postgres

struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01 00:00:00.000000+00"),
        (951_782_400, "2000-02-29 00:00:00.000000+00"),
        (1_700_000_000.25, "2023-11-14 22:13:20.250000+00"),
        (-0.5, "1969-12-31 23:59:59.500000+00"),
        (1.9999999, "1970-01-01 00:00:02.000000+00"),
        (-62_135_596_800, "0001-01-01 00:00:00.000000+00"),
        (-62_135_596_801, "0001-12-31 23:59:59.000000+00 BC"),
        (253_402_300_800, "10000-01-01 00:00:00.000000+00"),
        (.infinity, "infinity"),
        (-1e300, "-infinity"),
    ])
    func textOfSecondsSince1970(_ seconds: Double, _ text: String) {
        #expect(Timestamp.text(Date(timeIntervalSince1970: seconds)) == text)
    }
}
