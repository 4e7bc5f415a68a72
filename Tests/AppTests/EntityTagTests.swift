import Stays
import Testing

@testable import App

@Suite("An entity tag list")
struct EntityTagTests {
    @Test(
        "is * or quoted tags",
        arguments: [
            ("*", ExpectedVersion.any), ("\"1\"", .oneOf([1])), ("\"1\", \"2\"", .oneOf([1, 2])),
            ("W/\"3\"", .oneOf([3])), ("\"abc\"", .oneOf([])), ("\"01\"", .oneOf([])), ("\"\"", .oneOf([])),
        ]
    )
    func good(text: String, expected: ExpectedVersion) throws {
        #expect(try #require(EntityTag.list(text)).expectedVersion == expected)
    }

    @Test("is refused when malformed", arguments: ["", "1", "\"1", "1\"", "\"1\" \"2\"", "\"1\",", "*, \"1\"", "\""])
    func malformed(_ text: String) {
        #expect(EntityTag.list(text) == nil)
    }
}
