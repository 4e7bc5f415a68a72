/// A function to be measured.
struct MeasuredFunction: Sendable {
    let name: String
    /// Makes what the calls need, and checks that they do what they should. Each call returns a figure of its result, so
    /// that nothing is optimised away.
    let prepare: @Sendable () throws -> () throws -> Int

    init(_ name: String, _ prepare: @escaping @Sendable () throws -> () throws -> Int) {
        self.name = name
        self.prepare = prepare
    }
}
