import HTTPServer
import HTTPTypes
import Items
import Panal
import Values

extension Router {
    mutating func addItems(
        now: @escaping @Sendable () -> Timestamp,
        _ store: @escaping @Sendable (Request) -> any ItemStore
    ) {
        get("/items") { request in
            let query = try request.query(as: PageQuery<ItemID>.self)
            return try .page(store(request).items(query), named: "items", of: request)
        }
        post("/items") { request in
            let item = try request.json(as: Item.self)
            let record = try store(request).add(item, id: ItemID(madeAt: now()))
            var response = try Response.json(record, status: .created)
            response.headerFields[.location] = "/v1/items/\(record.id)"
            return response
        }
        get("/items/{id}") { request in
            guard let record = try store(request).item(id(of: request)) else { throw noSuchItem }
            return try .json(record)
        }
        put("/items/{id}") { request in
            let item = try request.json(as: Item.self)
            guard let record = try store(request).replace(id(of: request), by: item) else { throw noSuchItem }
            return try .json(record)
        }
        delete("/items/{id}") { request in
            guard try store(request).remove(id(of: request)) else { throw noSuchItem }
            return .noContent
        }
    }
}

private let noSuchItem = Problem(.notFound, detail: "There is no such item; GET /v1/items lists them.")

private func id(of request: Request) throws -> ItemID {
    guard let id = request.parameters["id"].flatMap({ ItemID($0) }) else { throw noSuchItem }
    return id
}
