/// How many bytes of memory connections hold for requests that have not arrived whole, by the part that has not.
struct BufferedSize {
    private var heads = 0
    private var bodies = 0

    subscript(part: Connection.Part) -> Int {
        get {
            switch part {
            case .head: heads
            case .body: bodies
            }
        }
        set {
            switch part {
            case .head: heads = newValue
            case .body: bodies = newValue
            }
        }
    }
}
