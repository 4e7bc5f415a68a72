import TestDatabases
import Testing
import Values

@testable import SQL

@Suite("values as rows and parameters")
struct CodableTests {
    private struct Order: Codable, Equatable {
        enum Status: String, Codable { case open, paid }
        var id: Int
        var customerName: String
        var status: Status
        var isGift: Bool
        var weight: Double
        var parcels: UInt8
        var note: String?
        var placedAt: Day
    }

    /// Codable as a text, no `ColumnValue`.
    private struct Day: Codable, Equatable {
        var text: String
        init(text: String) { self.text = text }
        init(from decoder: any Decoder) throws { text = try decoder.singleValueContainer().decode(String.self) }
        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        }
    }

    private let order = Order(
        id: 7,
        customerName: "Ada",
        status: .open,
        isGift: true,
        weight: 1.5,
        parcels: 2,
        note: nil,
        placedAt: Day(text: "2027-01-10")
    )

    private static let migrations = [
        Migration(
            number: 1,
            name: "orders",
            sql: """
                CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_name TEXT NOT NULL, status TEXT NOT NULL,
                    is_gift INTEGER NOT NULL, weight REAL NOT NULL, parcels INTEGER NOT NULL, note TEXT,
                    placed_at TEXT NOT NULL) STRICT
                """,
            postgreSQL: """
                CREATE TABLE orders (id BIGINT PRIMARY KEY, customer_name TEXT NOT NULL, status TEXT NOT NULL,
                    is_gift BOOLEAN NOT NULL, weight DOUBLE PRECISION NOT NULL, parcels SMALLINT NOT NULL, note TEXT,
                    placed_at DATE NOT NULL)
                """
        )
    ]

    private let insert = """
        INSERT INTO orders (id, customer_name, status, is_gift, weight, parcels, note, placed_at)
        VALUES (:id, :customer_name, :status, :is_gift, :weight, :parcels, :note, :placed_at)
        """

    @Test("a value goes in by the names of its fields and comes back equal", arguments: Store.all)
    func roundTrip(store: Store) throws {
        try on(store, Self.migrations) { (file, database) throws in
            try database.run(insert, Parameters(of: order))
            #expect(try database.first("SELECT * FROM orders WHERE id = :id", ["id": 7], as: Order.self) == order)
            var other = order
            other.id = 8
            other.note = "by hand"
            try database.run(insert, Parameters(of: other))
            #expect(try database.all("SELECT * FROM orders ORDER BY id", as: Order.self) == [order, other])
            #expect(try database.first("SELECT * FROM orders WHERE id = 9", as: Order.self) == nil)
        }
    }

    @Test(
        "parameters may have the names of the properties, and more values may come beside the fields",
        arguments: Store.all
    )
    func adding(store: Store) throws {
        try on(store, Self.migrations) { (file, database) throws in
            try database.run(insert, Parameters(of: order))
            struct Change: Encodable { let customerName: String; let unused: Int }
            let change = try Parameters(of: Change(customerName: "Grace", unused: 1))
            let sql = "UPDATE orders SET customer_name = :customerName WHERE id = :id"
            #expect(try database.run(sql, change.adding(["id": 7])) == 1)
            #expect(try database.first("SELECT * FROM orders", as: Order.self)?.customerName == "Grace")
            // What is added comes before a field of the same name.
            #expect(try database.run(sql, change.adding(["id": 7, "customerName": "Alan"])) == 1)
            #expect(try database.first("SELECT * FROM orders", as: Order.self)?.customerName == "Alan")
            #expect(throws: DatabaseError.self) { try database.run(sql, change) }
        }
    }

    @Test("a single column becomes a number or a text", arguments: Store.all)
    func singleColumn(store: Store) throws {
        try on(store, Self.migrations) { (file, database) throws in
            try database.run(insert, Parameters(of: order))
            #expect(try database.first("SELECT count(*) FROM orders", as: Int.self) == 1)
            #expect(try database.all("SELECT customer_name FROM orders", as: String.self) == ["Ada"])
            #expect(try database.first("SELECT note FROM orders", as: String?.self) == .some(nil))
        }
    }

    @Test(
        "a column that holds something else is damage, one that is missing a mistake; both are named",
        arguments: Store.all
    )
    func faults(store: Store) throws {
        try on(store, Self.migrations) { (file, database) throws in
            func description(_ sql: String) -> String {
                let error = #expect(throws: DatabaseError.self) { try database.all(sql, as: Order.self) }
                return error?.description ?? ""
            }
            try database.run(insert, Parameters(of: order))
            #expect(description("SELECT 1 AS id").contains("no column for customerName"))
            for (column, value) in [
                ("status", "'lost'"), ("is_gift", "2"), ("parcels", "256"), ("customer_name", "NULL"),
            ] {
                let columns = ["id", "customer_name", "status", "is_gift", "weight", "parcels", "note", "placed_at"]
                    .map { $0 == column ? "\(value) AS \(column)" : $0 }.joined(separator: ", ")
                let text = description("SELECT \(columns) FROM orders")
                #expect(text.contains("holds what no release wrote"), "\(column): \(text)")
            }
        }
    }

    @Test("objects and arrays are no parameters, and are refused by name", arguments: Store.all)
    func nested(store: Store) throws {
        try on(store, Self.migrations) { (file, database) throws in
            struct Basket: Encodable { let items: [String] }
            struct Parcel: Encodable { let size: Size; struct Size: Encodable { let width: Int } }
            let array = #expect(throws: DatabaseError.self) { try Parameters(of: Basket(items: ["a"])) }
            #expect(array?.description.contains("items is no single value") == true)
            let object = #expect(throws: DatabaseError.self) { try Parameters(of: Parcel(size: .init(width: 1))) }
            #expect(object?.description.contains("size is no single value") == true)
            #expect(throws: DatabaseError.self) { try Parameters(of: 5) }
        }
    }
}
