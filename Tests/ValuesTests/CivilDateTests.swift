import Testing
import Values

@Suite("a civil date")
struct CivilDateTests {
    /// A calendar that only knows how to turn the page.
    struct SlowCalendar {
        var year: Int
        var month = 1
        var day = 1

        mutating func turn() {
            let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
            let lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            day += 1
            guard day > lengths[month - 1] else { return }
            day = 1
            month += 1
            guard month > 12 else { return }
            month = 1
            year += 1
        }
    }

    @Test("agrees day by day with a calendar that turns page by page", arguments: [1...404, 1890...2110, 9590...9999])
    func agrees(years: ClosedRange<Int>) throws {
        var slow = SlowCalendar(year: years.lowerBound)
        var date = try #require(CivilDate(year: years.lowerBound, month: 1, day: 1))
        var faults = 0
        while slow.year <= years.upperBound {
            if date.components != (slow.year, slow.month, slow.day) { faults += 1 }
            if CivilDate(year: slow.year, month: slow.month, day: slow.day) != date { faults += 1 }
            slow.turn()
            guard let next = date.adding(days: 1) else { break }
            date = next
        }
        #expect(faults == 0)
        #expect(date == (years.upperBound == 9999 ? .latest : CivilDate(year: years.upperBound + 1, month: 1, day: 1)))
    }

    @Test(
        "counts days from 1970",
        arguments: [
            ("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11_016), ("2026-11-24", 20_781),
            ("0001-01-01", -719_162), ("9999-12-31", 2_932_896),
        ]
    )
    func epoch(text: String, days: Int) throws {
        let date = try #require(CivilDate(text))
        #expect(Int(date.daysSinceEpoch) == days)
        #expect(CivilDate(daysSinceEpoch: days) == date)
        #expect(date.description == text)
    }

    @Test(
        "reads YYYY-MM-DD and nothing else",
        arguments: [
            "", "2027", "2027-1-10", "2027-01-1", "27-01-10", "2027/01/10", "20270110", " 2027-01-10", "2027-01-10 ",
            "2027-01-10T00:00:00Z", "2027-01-100", "+027-01-10", "-001-01-10", "2027-00-10", "2027-13-10",
            "2027-01-00", "2027-01-32", "2027-02-29", "2100-02-29", "2027-04-31", "0000-01-01", "２０２７-01-10",
            "2027-0\u{0661}-10", "2027–01–10", "2027-01-1\0",
        ]
    )
    func refuses(text: String) {
        #expect(CivilDate(text) == nil)
    }

    @Test("knows the leap years", arguments: [("2000-02-29", true), ("2028-02-29", true), ("1900-02-29", false)])
    func leap(text: String, exists: Bool) {
        #expect((CivilDate(text) != nil) == exists)
    }

    @Test("does not leave its calendar")
    func bounds() throws {
        #expect(CivilDate.latest.adding(days: 1) == nil)
        #expect(CivilDate.earliest.adding(days: -1) == nil)
        #expect(CivilDate.latest.adding(days: .max) == nil)
        #expect(CivilDate.earliest.adding(days: .min) == nil)
        #expect(CivilDate(daysSinceEpoch: .max) == nil)
        #expect(CivilDate(year: .max, month: 1, day: 1) == nil)
        #expect(CivilDate.earliest.adding(days: CivilDate.earliest.days(until: .latest)) == .latest)
    }

    @Test(
        "is the day in UTC of a moment, before 1970 too",
        arguments: [
            (0, "1970-01-01"), (86_399, "1970-01-01"), (86_400, "1970-01-02"), (-1, "1969-12-31"),
            (-86_400, "1969-12-31"), (-86_401, "1969-12-30"), (1_795_490_055, "2026-11-24"), (Int64.max, "9999-12-31"),
            (Int64.min, "0001-01-01"),
        ]
    )
    func moment(seconds: Int64, text: String) {
        #expect(CivilDate(unixSeconds: seconds).description == text)
    }

    @Test("sorts as its text does")
    func order() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<1_000 {
            let one = try #require(CivilDate(daysSinceEpoch: Int.random(in: -719_162...2_932_896, using: &generator)))
            let other = try #require(CivilDate(daysSinceEpoch: Int.random(in: -719_162...2_932_896, using: &generator)))
            #expect((one < other) == (one.description < other.description))
            #expect(CivilDate(one.description) == one)
            #expect(one.adding(days: one.days(until: other)) == other)
        }
    }
}
