/// The open connections, by descriptor.
struct ConnectionTable {
    private var slots: [Connection?] = []
    private(set) var count = 0

    /// An event for a descriptor that was closed and opened again within one wake finds the new connection, which then
    /// reads nothing: harmless.
    subscript(descriptor: CInt) -> Connection? {
        Int(descriptor) < slots.count ? slots[Int(descriptor)] : nil
    }

    /// All of them.
    var all: [Connection] { slots.compactMap(\.self) }

    mutating func insert(_ connection: Connection) {
        while slots.count <= Int(connection.socket) { slots.append(nil) }
        slots[Int(connection.socket)] = connection
        count += 1
    }

    mutating func remove(_ connection: Connection) {
        slots[Int(connection.socket)] = nil
        count -= 1
    }
}
