public import Values

/// The name of a room, such as `101` or `garden-suite`.
public typealias RoomID = Slug<Room>
