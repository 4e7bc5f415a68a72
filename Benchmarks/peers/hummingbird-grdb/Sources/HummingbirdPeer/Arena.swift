import Foundation
import HTTPTypes
import Hummingbird

/// HttpArena's HTTP/1.1 profiles: baseline, pipelined, limited-conn, json, upload.
func addArena(data: String, to router: Router<BasicRequestContext>) throws {
    let items = try JSONDecoder().decode(
        [ArenaItem].self,
        from: Data(contentsOf: URL(filePath: data + "/dataset.json"))
    )

    router.get("baseline11") { request, _ in plain(String(sum(of: request))) }
    router.post("baseline11") { request, _ in
        let body = try await request.body.collect(upTo: 1024)
        guard let addend = Int(String(buffer: body)) else { throw HTTPError(.badRequest) }
        return plain(String(sum(of: request) &+ addend))
    }
    router.get("pipeline") { _, _ in plain("ok") }
    router.get("json/:count") { request, context in
        let count = try context.parameters.require("count", as: Int.self)
        guard (0...items.count).contains(count), let factor = request.uri.queryParameters.get("m", as: Int.self) else {
            throw HTTPError(.badRequest)
        }
        var chosen = Array(items.prefix(count))
        for index in chosen.indices { chosen[index].total = chosen[index].price &* chosen[index].quantity &* factor }
        return ArenaPage(items: chosen, count: count)
    }
    router.post("upload") { request, _ in
        var count = 0
        for try await piece in request.body { count += piece.readableBytes }
        return plain(String(count))
    }
}

private func plain(_ text: String) -> Response {
    Response(status: .ok, headers: [.contentType: "text/plain"], body: .init(byteBuffer: ByteBuffer(string: text)))
}

private func sum(of request: Request) -> Int {
    let query = request.uri.queryParameters
    return (query.get("a", as: Int.self) ?? 0) &+ (query.get("b", as: Int.self) ?? 0)
}

struct ArenaItem: Codable {
    struct Rating: Codable {
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
    var total: Int?
}

struct ArenaPage: ResponseEncodable {
    let items: [ArenaItem]
    let count: Int
}
