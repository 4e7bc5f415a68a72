import HTTPServer
import HTTPTypes
import Panal
import Testing
import Values

@Suite("A page")
struct PageTests {
    typealias ID = Identifier<Article>

    private func page(of count: Int, size: Int) -> Page<Int, ID> {
        Page(found: Array(0..<count), size: size) { ID(bits: UInt128($0)) }
    }

    @Test("has a next one when one element more was found")
    func next() {
        #expect(page(of: 0, size: 2) == Page(elements: [], next: nil))
        #expect(page(of: 2, size: 2) == Page(elements: [0, 1], next: nil))
        #expect(page(of: 3, size: 2) == Page(elements: [0, 1], next: PageCursor(after: ID(bits: 1))))
    }

    @Test("is answered with its elements under their name, and links to the next one with the same filters")
    func answer() throws {
        var router = Router()
        router.get("/v1/{kind}") { request in try .page(page(of: 3, size: 2), named: "numbers", of: request) }
        let request = try Request(.get, "/v1/a%20b?limit=2&cursor=old&room=a%26b%C3%A9")
        let response = router.respond(to: request)
        #expect(response.text == #"{"numbers":[0,1],"next":"00000000000000000000000001"}"#)
        #expect(
            response.headerFields[HTTPField.Name("Link")!]
                == "</v1/a%20b?limit=2&room=a%26b%C3%A9&cursor=00000000000000000000000001>; rel=\"next\""
        )
    }

    @Test("that is the last one links to none")
    func last() throws {
        let response = try Response.page(page(of: 1, size: 2), named: "numbers", of: Request(.get, "/"))
        #expect(response.text == #"{"numbers":[0]}"#)
        #expect(response.headerFields[HTTPField.Name("Link")!] == nil)
    }
}
