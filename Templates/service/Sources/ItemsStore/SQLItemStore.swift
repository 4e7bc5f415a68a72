public import Items
public import SQL
public import Values

/// Items in SQL.
public struct SQLItemStore: ItemStore {
    public static let migrations = Migrations.all

    private let database: Database

    public init(_ database: Database) { self.database = database }

    public func add(_ item: Item, id: ItemID) throws -> Record<Item> {
        let record = Record(id: id, item)
        try database.run(
            """
            INSERT INTO item (id, name, price_cents, stock, supplier, available_from)
            VALUES (:id, :name, :price_cents, :stock, :supplier, :available_from)
            """,
            Parameters(of: record)
        )
        return record
    }

    public func item(_ id: ItemID) throws -> Record<Item>? {
        try database.first("SELECT * FROM item WHERE id = :id", ["id": id], as: Record<Item>.self)
    }

    public func items(_ query: PageQuery<ItemID>) throws -> Page<Record<Item>, ItemID> {
        // Every identifier sorts before the tilde.
        let found = try database.all(
            "SELECT * FROM item WHERE id < :before ORDER BY id DESC LIMIT :limit",
            ["before": query.cursor?.raw ?? "~", "limit": query.size + 1],
            as: Record<Item>.self
        )
        return Page(found: found, size: query.size, by: \.id)
    }

    public func replace(_ id: ItemID, by item: Item) throws -> Record<Item>? {
        let record = Record(id: id, item)
        let count = try database.run(
            """
            UPDATE item SET name = :name, price_cents = :price_cents, stock = :stock, supplier = :supplier,
                available_from = :available_from WHERE id = :id
            """,
            Parameters(of: record)
        )
        return count == 1 ? record : nil
    }

    public func remove(_ id: ItemID) throws -> Bool {
        try database.run("DELETE FROM item WHERE id = :id", ["id": id]) == 1
    }
}
