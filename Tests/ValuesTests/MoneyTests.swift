import Testing
import Values

@Suite("money")
struct MoneyTests {
    @Test(
        "is written with all decimal places of its currency",
        arguments: [
            (12_000, "EUR", "120.00"), (5, "EUR", "0.05"), (0, "EUR", "0.00"), (-5, "EUR", "-0.05"),
            (-12_345, "USD", "-123.45"), (120, "JPY", "120"), (-7, "JPY", "-7"), (1_234, "KWD", "1.234"),
            (1, "KWD", "0.001"), (1, "CLF", "0.0001"), (Int64.max, "EUR", "92233720368547758.07"),
            (Int64.min, "EUR", "-92233720368547758.08"),
        ]
    )
    func amount(minorUnits: Int64, code: String, text: String) throws {
        let money = Money(minorUnits: minorUnits, currency: try #require(Currency(code)))
        #expect(money.amount == text)
        #expect(money.description == "\(text) \(code)")
    }

    @Test("does not overflow and does not mix currencies")
    func arithmetic() throws {
        let one = Money(minorUnits: 1, currency: .euro)
        let most = Money(minorUnits: .max, currency: .euro)
        let yen = Money(minorUnits: 1, currency: try #require(Currency("JPY")))
        #expect(one.adding(one) == Money(minorUnits: 2, currency: .euro))
        #expect(most.adding(one) == nil)
        #expect(one.adding(yen) == nil)
        #expect(most.times(2) == nil)
        #expect(one.times(-3) == Money(minorUnits: -3, currency: .euro))
    }

    @Test("has a currency of three capital letters", arguments: ["", "EU", "EURO", "eur", "E1R", "ÉUR", "EU\0"])
    func currency(code: String) {
        #expect(Currency(code) == nil)
    }
}
