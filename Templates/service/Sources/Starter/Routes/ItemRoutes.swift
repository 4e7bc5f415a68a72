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
        let list = Operation(
            "Items, the newest first",
            query: PageQuery<ItemID>.self,
            answer: .page("items", of: Record<Item>.self)
        )
        get("/items", list) { request in
            let query = try request.query(as: PageQuery<ItemID>.self)
            return try .page(store(request).items(query), named: "items", of: request)
        }
        let add = Operation("Add an item", body: Item.self, answer: .created(Record<Item>.self))
        post("/items", add) { request in
            let item = try request.json(as: Item.self)
            let record = try store(request).add(item, id: ItemID(madeAt: now()))
            return try .created(record, at: "/v1/items/\(record.id)")
        }
        let read = Operation("One item", path: ItemID.self, answer: .json(Record<Item>.self))
        get("/items/{id}", read) { request in
            guard let record = try store(request).item(id(of: request)) else { throw noSuchItem }
            return try .json(record)
        }
        let replace = Operation("Replace an item", path: ItemID.self, body: Item.self, answer: .json(Record<Item>.self))
        put("/items/{id}", replace) { request in
            let item = try request.json(as: Item.self)
            guard let record = try store(request).replace(id(of: request), by: item) else { throw noSuchItem }
            return try .json(record)
        }
        delete("/items/{id}", Operation("Remove an item", path: ItemID.self, answer: .noContent)) { request in
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
