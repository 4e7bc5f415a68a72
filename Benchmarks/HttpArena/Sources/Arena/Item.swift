import FoundationEssentials
import HTTPServer

/// An item of HttpArena's data set.
struct Item: Decodable, Sendable {
    struct Rating: Decodable, Sendable {
        let score: Int
        let count: Int
    }

    let id: Int
    let name: String
    let category: String
    let price: Int
    let quantity: Int
    let active: Bool
    let tags: [String]
    let rating: Rating

    /// All items of a file; none when there is no file, for those who ask for no items.
    static func read(from path: String) throws -> [Item] {
        guard let bytes = contents(of: path) else { return [] }
        return try JSONDecoder().decode([Item].self, from: Data(bytes))
    }

    func write(to json: inout JSONWriter, factor: Int) {
        json.object { json in
            json.member("id", id)
            json.member("name", name)
            json.member("category", category)
            json.member("price", price)
            json.member("quantity", quantity)
            json.member("active", active)
            json.key("tags")
            json.array { json in for tag in tags { json.value(tag) } }
            json.key("rating")
            json.object { json in
                json.member("score", rating.score)
                json.member("count", rating.count)
            }
            json.member("total", price &* quantity &* factor)
        }
    }
}
