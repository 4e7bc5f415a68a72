import Testing
import Values

@Suite("a timestamp")
struct TimestampTests {
    @Test(
        "is written in UTC to the second, rounded down",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (1_795_490_055_123_456, "2026-11-24T03:14:15Z"),
            (-1, "1969-12-31T23:59:59Z"), (951_868_799_999_999, "2000-02-29T23:59:59Z"),
            (Int64.max, "9999-12-31T23:59:59Z"), (Int64.min, "0001-01-01T00:00:00Z"),
        ]
    )
    func text(microseconds: Int64, text: String) {
        #expect(Timestamp(microsecondsSinceEpoch: microseconds).description == text)
    }

    @Test("comes from a clock's seconds and nanoseconds, and stays in the calendar")
    func clock() {
        let moment = Timestamp(unixSeconds: 1_795_490_055, nanoseconds: 123_456_789)
        #expect(moment.microsecondsSinceEpoch == 1_795_490_055_123_456)
        #expect(Timestamp(unixSeconds: .max, nanoseconds: .max).description == "9999-12-31T23:59:59Z")
        #expect(Timestamp(unixSeconds: .min).description == "0001-01-01T00:00:00Z")
        #expect(Timestamp(unixSeconds: -1).date.description == "1969-12-31")
    }

    @Test("adds durations, and stops at the end of the calendar")
    func adding() {
        let moment = Timestamp(unixSeconds: 0)
        #expect(moment.adding(.seconds(90)).description == "1970-01-01T00:01:30Z")
        #expect(moment.adding(.microseconds(-1)) < moment)
        #expect(moment.adding(.seconds(Int64.max)).description == "9999-12-31T23:59:59Z")
        #expect(moment.adding(.seconds(Int64.min)).description == "0001-01-01T00:00:00Z")
    }
}
