public import Linux
import Synchronization
import Values

/// The last events of a service, in memory that its processes share: one process writes them, all may read them at any time.
///
/// Each event has a number, from 1 on, and a place that the event of ``capacity`` numbers later takes over. A reader that comes
/// back asks for what came after the number that it saw last. Only places that were used cost memory.
public final class RecentEvents: Sendable {
    /// What /proc shows for its memory.
    public static let name = "recent-events"
    /// How many are kept.
    public static let capacity = 256
    /// The longest text, in bytes: what ``LogLine`` writes.
    public static let longestText = LogLine.maximumLength

    /// An event.
    public struct Event: Equatable, Sendable {
        /// From 1 on, in the order in which they happened.
        public let number: Int
        /// What happened: a JSON object on one line, without a line break.
        public let text: String

        /// For people at a terminal: time, level, message and details on one line.
        public var line: String {
            let line = TextLine(isColoured: false).text(for: Array((text + "\n").utf8))
            return String(decoding: line.dropLast(), as: UTF8.self)
        }
    }

    /// What it is kept in, for who hands it to the next program.
    public let memory: SharedMemory

    /// A new one, without events.
    public init() throws(SystemError) {
        memory = try SharedMemory(Self.name, size: Layout.size)
        memory.word(at: Layout.era).storeRelaxed(UInt64(max(1, Timestamp.now().microsecondsSinceEpoch)))
        memory.word(at: Layout.version).store(Layout.currentVersion)
    }

    /// That of a former program or of another process. `nil` when it is laid out in another way.
    public init?(in memory: SharedMemory) {
        guard memory.size >= Layout.size, memory.word(at: Layout.version).load() == Layout.currentVersion else {
            return nil
        }
        self.memory = memory
    }

    /// Which of several it is: numbers of another one mean other events.
    public var era: UInt64 { memory.word(at: Layout.era).loadRelaxed() }

    /// The number of the last event, 0 when there was none.
    public var last: Int { Int(clamping: memory.word(at: Layout.last).load()) }

    /// Adds an event. One process at a time may, on one thread. It waits for nobody.
    /// - Parameter text: A JSON object; what is longer than ``longestText`` is not taken, because half of one is none.
    public func append(_ text: some Collection<UInt8>) {
        let bytes = Array(text)
        guard bytes.count <= Self.longestText else { return }
        let number = last + 1
        let place = Layout.place(of: number)
        // Until it is whole it has no number: a reader, and a writer after one that died here, pass over it.
        memory.word(at: place + Layout.Place.number).storeRelaxed(0)
        atomicMemoryFence(ordering: .releasing)
        let start = place + Layout.Place.text
        let length = unsafe memory.write(bytes.span.bytes, in: start..<start + Self.longestText)
        memory.word(at: place + Layout.Place.length).storeRelaxed(UInt64(length))
        memory.word(at: place + Layout.Place.number).store(UInt64(number))
        memory.word(at: Layout.last).store(UInt64(number))
    }

    /// What came after an event and is still there, oldest first.
    /// - Parameter number: 0 for all.
    public func events(after number: Int = 0) -> [Event] {
        let last = last
        let number = max(0, number)
        guard number < last else { return [] }
        let first = max(number + 1, last - Self.capacity + 1)
        return (first...last).compactMap(event)
    }

    private func event(_ number: Int) -> Event? {
        let place = Layout.place(of: number)
        let sequence = memory.word(at: place + Layout.Place.number)
        guard sequence.load() == UInt64(number) else { return nil }
        let length = min(Int(clamping: memory.word(at: place + Layout.Place.length).loadRelaxed()), Self.longestText)
        let start = place + Layout.Place.text
        let text = memory.text(in: start..<start + length)
        atomicMemoryFence(ordering: .acquiring)
        // Another event may have taken its place meanwhile.
        return sequence.loadRelaxed() == UInt64(number) ? Event(number: number, text: text) : nil
    }

    /// Where everything is, in bytes: what concerns all, and the places.
    private enum Layout {
        /// Changes whenever a reader of the former layout would be misled.
        static let currentVersion: UInt64 = 1

        static let version = 0
        static let era = 8
        static let last = 16
        static let firstPlace = 4096
        static let placeSize = Place.text + longestText
        static let size = firstPlace + capacity * placeSize

        static func place(of number: Int) -> Int { firstPlace + number % capacity * placeSize }

        enum Place {
            static let number = 0
            static let length = 8
            static let text = 16
        }
    }
}
