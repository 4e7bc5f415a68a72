import Foundation
import Testing
import Values

/// Something that has a name.
private enum OrderLine {}

/// In a type's place a bound may be negative.
private typealias BelowZero = WholeNumber<-3, -1>

@Suite("a validated value")
struct ValidatedTests {
    private static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode([value]), as: UTF8.self)
    }

    private static func value<Value: Decodable>(_ type: Value.Type, _ json: String) throws -> Value? {
        try JSONDecoder().decode([Value].self, from: Data(json.utf8)).first
    }

    private func roundTrip<Value: Validated & Equatable>(_ value: Value, _ json: String) throws {
        #expect(try Self.json(value) == json)
        #expect(try Self.value(Value.self, json) == value)
    }

    @Test("is written as its raw form and read back")
    func roundTrips() throws {
        try roundTrip(#require(CivilDate("2027-01-10")), #"["2027-01-10"]"#)
        try roundTrip(Timestamp(unixSeconds: 1_799_573_400), #"["2027-01-10T09:30:00Z"]"#)
        try roundTrip(#require(EmailAddress("ada@example.org")), #"["ada@example.org"]"#)
        try roundTrip(#require(Slug<OrderLine>("a-1")), #"["a-1"]"#)
        try roundTrip(Identifier<OrderLine>(bits: 31), #"["0000000000000000000000000z"]"#)
        try roundTrip(#require(WholeNumber<1, 20>(20)), "[20]")
        try roundTrip(#require(Text<80>("Zoë / \"Z\"")), #"["Zoë / \"Z\""]"#)
        try roundTrip(#require(MultilineText<80>("a\nb")), #"["a\nb"]"#)
        try roundTrip(Currency.euro, #"["EUR"]"#)
        try roundTrip(Money(minorUnits: -5, currency: .euro), #"[{"amount":"-0.05","currency":"EUR"}]"#)
        try roundTrip(#require(BoundedArray<Int, 1, 2>([1, 2])), "[[1,2]]")
    }

    @Test(
        "that breaks its rule is not read, and the error says the rule",
        arguments: [
            (CivilDate.self, #"["2027-02-30"]"#), (EmailAddress.self, #"["ada"]"#), (Slug<OrderLine>.self, #"["A"]"#),
            (WholeNumber<1, 20>.self, "[21]"), (Text<3>.self, #"["four"]"#), (BoundedArray<Int, 1, 2>.self, "[[]]"),
            (Money.self, #"[{"amount":"1.234","currency":"EUR"}]"#),
        ] as [(any Validated.Type, String)]
    )
    func broken(type: any Validated.Type, json: String) {
        func check<Value: Validated>(_ type: Value.Type) {
            #expect {
                _ = try Self.value(type, json)
            } throws: { error in
                guard case DecodingError.dataCorrupted(let context)? = error as? DecodingError else { return false }
                return context.debugDescription == type.expectation
            }
        }
        check(type)
    }

    @Test(
        "has an example that keeps its rule",
        arguments: [
            CivilDate.self, Timestamp.self, EmailAddress.self, Slug<OrderLine>.self, Identifier<OrderLine>.self,
            Currency.self, Money.self, WholeNumber<1, 20>.self, BelowZero.self, Text<1>.self, Text<80>.self,
            MultilineText<2>.self,
        ] as [any Validated.Type]
    )
    func examples(type: any Validated.Type) {
        func check<Value: Validated>(_ type: Value.Type) {
            #expect(Value(Value.example.raw) != nil)
            #expect(Value.expectation.hasPrefix("must be "))
        }
        check(type)
    }

    @Test("of a name says whose it is")
    func names() {
        #expect(Slug<OrderLine>.expectation == "must be the id of an order line")
        #expect(Identifier<ValidatedTests>.expectation == "must be the id of a validated tests")
    }

    @Test("says its bounds in the words of JSON Schema")
    func constraints() {
        #expect(BelowZero.constraints == Constraints(minimum: -3, maximum: -1))
        #expect(BoundedArray<Int, 0, 9>.constraints == Constraints(minItems: 0, maxItems: 9))
        #expect(Text<80>.constraints == Constraints(minLength: 1, maxLength: 80))
        #expect(CivilDate.constraints == Constraints(format: "date"))
    }

    @Test("of text may be as long as its limit, in characters")
    func limits() {
        #expect(Text<3>(" abc ")?.text == "abc")
        #expect(Text<3>("äöü") != nil)
        #expect(Text<3>("abcd") == nil)
        #expect(Text<3>("a\nb") == nil)
        #expect(Text<3>("\u{200B}") == nil)
        #expect(Text<3>(" ") == nil)
        #expect(MultilineText<3>("a\nb")?.text == "a\nb")
        #expect(MultilineText<4>("a\r\n\tb") != nil)
        #expect(MultilineText<3>("abcd") == nil)
        #expect(MultilineText<3>("\n\t ") == nil)
        #expect(MultilineText<3>("a\u{1B}") == nil)
        #expect(MultilineText<3>("a\u{202E}b") == nil)
        #expect(MultilineText<3>("a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}") == nil)
    }

    @Test(
        "of money is read in decimal and in nothing else",
        arguments: [
            ("12.50", "EUR", 1_250), ("12.5", "EUR", 1_250), ("12", "EUR", 1_200), ("0", "EUR", 0),
            ("-0.05", "EUR", -5),
            ("120", "JPY", 120), ("1.234", "KWD", 1_234), ("92233720368547758.07", "EUR", .max),
            ("-92233720368547758.08", "EUR", .min),
        ] as [(String, String, Int64)]
    )
    func amounts(text: String, code: String, minorUnits: Int64) throws {
        let currency = try #require(Currency(code))
        #expect(Money(amount: text, currency: currency) == Money(minorUnits: minorUnits, currency: currency))
    }

    @Test(
        "of money that is no decimal, or too fine or too large for the currency, is none",
        arguments: [
            ("", "EUR"), ("-", "EUR"), (".5", "EUR"), ("1.", "EUR"), ("1.234", "EUR"), ("01", "EUR"), ("+1", "EUR"),
            ("1e2", "EUR"), (" 1", "EUR"), ("1,5", "EUR"), ("1.5.", "EUR"), ("1.0", "JPY"), ("1.", "JPY"), ("١", "EUR"),
            ("92233720368547758.08", "EUR"), ("-92233720368547758.09", "EUR"), ("9999999999999999999999", "EUR"),
        ]
    )
    func noAmounts(text: String, code: String) throws {
        #expect(Money(amount: text, currency: try #require(Currency(code))) == nil)
    }

    @Test("of money reads back whatever it writes")
    func moneyRoundTrip() throws {
        var generator = SystemRandomNumberGenerator()
        for code in ["EUR", "JPY", "KWD", "CLF"] {
            let currency = try #require(Currency(code))
            for shift in 0..<64 as Range<Int64> {
                let money = Money(
                    minorUnits: Int64.random(in: .min ... .max, using: &generator) >> shift,
                    currency: currency
                )
                #expect(Money(money.raw) == money)
            }
        }
    }

    @Test(
        "of time is read as RFC 3339 writes it",
        arguments: [
            ("2027-01-10T09:30:00Z", 0), ("2027-01-10t09:30:00z", 0), ("2027-01-10T10:30:00+01:00", 0),
            ("2027-01-09T23:45:00-09:45", 0), ("2027-01-10T09:30:00.5Z", 500_000),
            ("2027-01-10T09:30:00.123456789Z", 123_456),
        ] as [(String, Int64)]
    )
    func moments(text: String, microseconds: Int64) {
        let expected = Timestamp(microsecondsSinceEpoch: 1_799_573_400_000_000 + microseconds)
        #expect(Timestamp(text) == expected)
    }

    @Test(
        "of time is read from nothing else",
        arguments: [
            "", "2027-01-10", "2027-01-10T09:30:00", "2027-01-10T09:30Z", "2027-01-10 09:30:00Z",
            "2027-01-10T24:00:00Z",
            "2027-01-10T09:60:00Z", "2027-01-10T09:30:60Z", "2027-01-10T09:30:00.Z", "2027-01-10T09:30:00+0100",
            "2027-01-10T09:30:00+24:00", "2027-01-10T9:30:00Z", "2027-02-30T09:30:00Z", "2027-01-10T09:30:00Zx",
            "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-00:01", "2027-01-10T+9:30:00Z",
        ]
    )
    func noMoments(text: String) {
        #expect(Timestamp(text) == nil)
    }
}
