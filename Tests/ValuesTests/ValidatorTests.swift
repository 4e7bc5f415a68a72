import Testing
import Values

@Suite("a validator")
struct ValidatorTests {
    @Test("collects each rule that does not hold, and throws them together")
    func collects() {
        var validator = Validator()
        validator.require(true, "a", "must be right")
        validator.require(false, "b", "must be left")
        validator.require(false, "c", "must be gone")
        let refusal = #expect(throws: InvalidInput.self) { try validator.finish() }
        #expect(refusal?.description == "b must be left; c must be gone")
    }

    @Test("with nothing to say lets pass")
    func passes() throws {
        try Validator().finish()
    }

    @Test("does not look at a rule of a field that is faulty, nor of one that reads such a field")
    func skips() {
        var validator = Validator(known: [FieldError(field: "stay.from", detail: "must be a date")])
        func broken() -> Bool {
            Issue.record("the rule was looked at")
            return false
        }
        validator.require(broken(), "stay.from", "must be in the future")
        validator.require(broken(), "stay.to", "must be after from", given: "stay.from")
        validator.require(broken(), "price", "must fit the stay", given: "guests", "stay")
        #expect(validator.errors.count == 1)
        #expect(validator.isFaulty("stay"))
        #expect(!validator.isFaulty("sta"))
        #expect(!validator.isFaulty("stay.to"))
    }

    @Test("of an object inside names its fields by their path")
    func nested() {
        let known = [
            FieldError(field: "items[1].sku", detail: "is missing"), FieldError(field: "sku", detail: "is old"),
        ]
        var validator = Validator(known: known, prefix: "items[2]")
        validator.require(false, "sku", "must be new")
        validator.require(false, "", "must be another item", given: "count")
        #expect(validator.errors.map(\.field) == ["items[1].sku", "sku", "items[2].sku"])
        #expect(validator.isFaulty(""))
    }
}
