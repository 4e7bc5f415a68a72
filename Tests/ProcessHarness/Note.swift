/// What the tests ask the fixture service to keep: once it has said 201, a note is there whatever happens.
enum Note {
    /// Asks for a note to be kept: 201 for a new one, 409 for one that is there.
    static func write(_ name: String, padding: Int = 0) -> Request {
        .post("/notes", json: #"{"name":"\#(name)"}"# + String(repeating: " ", count: padding))
    }
}
