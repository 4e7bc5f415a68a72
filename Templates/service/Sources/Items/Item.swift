public import Values

/// Something that is sold: the pattern for a resource of your own. Each field's name, type and rule is said here, once.
public struct Item: Codable, Hashable, Sendable {
    public let name: Text<80>
    public let priceCents: WholeNumber<0, 100_000_000>
    public let stock: WholeNumber<0, 1_000_000>
    public let supplier: EmailAddress
    public let availableFrom: CivilDate?
}

public typealias ItemID = Identifier<Item>

/// Where items are kept. Each is one thread's, and made where it is needed.
public protocol ItemStore {
    func add(_ item: Item, id: ItemID) throws -> Record<Item>
    func item(_ id: ItemID) throws -> Record<Item>?
    /// The newest first.
    func items(_ query: PageQuery<ItemID>) throws -> Page<Record<Item>, ItemID>
    /// Nil when there is no such item.
    func replace(_ id: ItemID, by item: Item) throws -> Record<Item>?
    /// Whether there was such an item.
    func remove(_ id: ItemID) throws -> Bool
}
