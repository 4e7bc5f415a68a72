/// A companion that runs, and where it writes.
struct CompanionProcess: Equatable {
    var pid: Int32
    var slot: Int
}
