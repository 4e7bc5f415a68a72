import HTTPServer
import HTTPTypes
import Testing
import Values

@testable import Panal

@Suite("A query as a value")
struct QueryInputTests {
    private struct Search: Codable, CrossChecked {
        let from: CivilDate
        let to: CivilDate
        let guests: WholeNumber<1, 20>
        let free: Bool?
        let tag: [Text<5>]?
        let ratio: Double?

        func check(_ validator: inout Validator) {
            validator.require(to > from, "to", "must be after from", given: "from")
        }
    }

    private func search(_ query: String) throws -> Search { try Request(.get, "/?" + query).query(as: Search.self) }

    private func faults(_ query: String) -> [String] { PanalTests.faults { _ = try search(query) } }

    @Test("is read from its text, the first value of each parameter, all where an array is wanted")
    func good() throws {
        let search = try search(
            "from=2027-01-10&to=2027-01-12&guests=02&free=true&tag=a&tag=b%20c&ratio=-0.5&guests=x&z=1"
        )
        #expect(search.from.description == "2027-01-10")
        #expect(search.guests.value == 2)
        #expect(search.free == true)
        #expect(search.tag?.map(\.text) == ["a", "b c"])
        #expect(search.ratio == -0.5)
        #expect(try self.search("from=2027-01-10&to=2027-01-12&guests=1").tag == nil)
    }

    @Test("with nothing in it names every parameter that must be there")
    func empty() {
        #expect(
            faults("") == [
                "from is missing; it must be a date of the calendar, written YYYY-MM-DD",
                "to is missing; it must be a date of the calendar, written YYYY-MM-DD",
                "guests is missing; it must be a whole number from 1 to 20",
            ]
        )
    }

    @Test(
        "names a number that is none by its rule",
        arguments: ["", "0", "21", "-1", "%2B2", "2.0", "%202", "two", "%D9%A2", "0x2", "99999999999999999999"]
    )
    func numbers(text: String) {
        #expect(
            faults("from=2027-01-10&to=2027-01-12&guests=" + text) == ["guests must be a whole number from 1 to 20"]
        )
    }

    @Test("names whatever else is wrong, in the order of the fields")
    func wrong() {
        #expect(
            faults("from=2027-01-12&to=2027-01-10&guests=0&free=1&tag=a&tag=&ratio=nan") == [
                "to must be after from", "guests must be a whole number from 1 to 20", "free must be true or false",
                "tag[1] must be 1 to 5 characters on one line, one of them visible", "ratio must be a number",
            ]
        )
    }

    @Test("is asked for what only the handler knows, such as the day")
    func today() throws {
        let today = try #require(CivilDate("2027-01-11"))
        let faults = PanalTests.faults {
            _ = try Request(.get, "/?from=2027-01-10&to=2027-01-09&guests=1").query(as: Search.self) {
                search,
                validator in
                validator.require(search.from >= today, "from", "must not be before today")
            }
        }
        #expect(faults == ["from must not be before today", "to must be after from"])
    }

    @Test("of a page has a limit and a cursor, or neither")
    func page() throws {
        typealias Query = PageQuery<Identifier<Article>>
        func faults(_ query: String) -> [String] {
            PanalTests.faults { _ = try Request(.get, "/?" + query).query(as: Query.self) }
        }
        #expect(try Request(.get, "/").query(as: Query.self).size == 20)
        let cursor = PageCursor(after: Identifier<Article>(bits: 7))
        let query = try Request(.get, "/?limit=100&cursor=\(cursor)").query(as: Query.self)
        #expect(query == Query(limit: PageLimit(100), cursor: cursor))
        #expect(
            faults("limit=101&cursor=x") == [
                "limit must be a whole number from 1 to 100", "cursor must be the `next` of the page before, unchanged",
            ]
        )
        #expect(faults("limit=&cursor=").count == 2)
    }
}
