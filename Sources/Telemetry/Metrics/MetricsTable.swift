public import Linux
import Synchronization

/// The metrics of a service, in memory that all its processes share: no files, no messages, no locks between processes.
///
/// It is made before the first fork. Each process writes in a column of its own, which the next process in its place goes on
/// with, so what was counted stays counted when a worker leaves or is killed, and a reader sees at any moment the sum of
/// all. A series gets its place when it is used first, by whichever process; there are ``capacity`` of them, and of one
/// metric ``capacityOfAMetric``: what comes beyond that is counted together, as OpenTelemetry has it
/// (`otel.metric.overflow="true"`).
public final class MetricsTable: Sendable {
    /// What /proc shows for its memory.
    public static let name = "metrics"
    /// How many series there may be.
    public static let capacity = MetricsLayout.capacity
    /// How many series one metric may have.
    public static let capacityOfAMetric = MetricsLayout.seriesOfAMetric

    /// What it is kept in, for who hands it to the next program.
    public let memory: SharedMemory
    private let layout: MetricsLayout
    /// Where this process writes: a copy of its own in each process.
    private let ownColumn = Atomic<Int>(0)
    /// What this process has looked up, and an entry that it had made when another process was quicker.
    private let known = Lock(Known())

    private struct Known: Sendable {
        var cells: [MetricSeries: Int] = [:]
        var spare: (entry: Int, cells: Int)?
    }

    /// A new one, all zero. The calling process, and those that it forks until they choose another, write in column 0.
    /// - Parameter columns: how many processes may write at a time.
    public init(columns: Int) throws(SystemError) {
        precondition((1...65_536).contains(columns), "a table of \(columns) columns")
        layout = MetricsLayout(columns: columns)
        memory = try SharedMemory(Self.name, size: layout.size)
        memory.word(at: MetricsLayout.columnCount).storeRelaxed(UInt64(columns))
        memory.word(at: MetricsLayout.version).store(MetricsLayout.currentVersion)
        use(column: 0)
    }

    /// That of a former program or of another process. `nil` when it is laid out in another way.
    public init?(in memory: SharedMemory) {
        guard memory.size >= 4096, memory.word(at: MetricsLayout.version).load() == MetricsLayout.currentVersion
        else { return nil }
        let columns = Int(clamping: memory.word(at: MetricsLayout.columnCount).load())
        guard (1...65_536).contains(columns) else { return nil }
        layout = MetricsLayout(columns: columns)
        guard memory.size >= layout.size else { return nil }
        self.memory = memory
        ownColumn.store(layout.column(0), ordering: .relaxed)
    }

    /// How many processes may write at a time.
    public var columns: Int { layout.columns }

    // MARK: - Writing

    /// From here on this process writes in a column that no other living process writes in. Gauges that a former process left
    /// there are forgotten.
    public func use(column: Int) {
        precondition(column >= 0 && column < layout.columns, "there is no column \(column)")
        let start = layout.column(column)
        for entry in entries where entry.series.kind == .gauge {
            memory.word(at: start + entry.number * MetricsLayout.cellSize).storeRelaxed(0)
        }
        memory.word(at: MetricsLayout.use(column)).store(1)
        ownColumn.store(start, ordering: .relaxed)
        // A process that was forked has a copy of the former's, which will use it itself.
        known.withLock { $0.spare = nil }
    }

    /// Where this process writes a series. Take it once where it is written often.
    public func cell(_ series: MetricSeries) -> MetricCell {
        let entry = known.withLock { known in
            if let entry = known.cells[series] { return entry }
            let entry = place(of: series, &known.spare)
            // Of series without an end, this process must not remember each.
            if known.cells.count < Self.capacity { known.cells[series] = entry }
            return entry
        }
        return MetricCell(table: self, kind: series.kind, offset: entry * MetricsLayout.cellSize)
    }

    /// A word of a cell in this process's column.
    @inline(__always)
    func word(at offset: Int) -> SharedWord { memory.word(at: ownColumn.load(ordering: .relaxed) + offset) }

    // MARK: - The directory

    /// Entry 0 is nobody's: what finds no place writes there, and nobody reads it.
    static let nobody = 0

    /// The entry of a series, which is made if there is room.
    private func place(of series: MetricSeries, _ spare: inout (entry: Int, cells: Int)?) -> Int {
        if let entry = find(series) { return entry }
        let isFull = entriesOfMetric(series.nameHash) >= Self.capacityOfAMetric
        if !isFull, let entry = make(series, &spare) { return entry }
        let word = memory.word(at: MetricsLayout.overflowed)
        word.add(1)
        let overflow = series.overflow
        return find(overflow) ?? make(overflow, &spare) ?? Self.nobody
    }

    /// About how many entries a metric has: one that another process makes at this moment may be missing.
    private func entriesOfMetric(_ nameHash: UInt64) -> Int {
        let made = min(Int(clamping: memory.word(at: MetricsLayout.entries).load()), MetricsLayout.capacity - 1)
        return (1..<made + 1).count { entry in
            memory.word(at: MetricsLayout.entry(entry) + MetricsLayout.Entry.nameHash).loadRelaxed() == nameHash
        }
    }

    private func find(_ series: MetricSeries) -> Int? {
        let hash = series.hash
        for step in 0..<MetricsLayout.indexSize {
            let word = memory.word(at: indexPlace(hash, step)).load()
            if word == 0 { return nil }
            if word >> 32 == hash >> 32, describes(series, entry: Int(word & 0xFFFF_FFFF)) {
                return Int(word & 0xFFFF_FFFF)
            }
        }
        return nil
    }

    private func indexPlace(_ hash: UInt64, _ step: Int) -> Int {
        MetricsLayout.index(Int((hash &+ UInt64(step)) % UInt64(MetricsLayout.indexSize)))
    }

    /// Writes an entry where nobody sees it yet, and then enters it into the index, all with one word: a process that dies
    /// before has made nothing. Of several that make the same at the same time the first wins, and the others keep theirs
    /// for another series.
    private func make(_ series: MetricSeries, _ spare: inout (entry: Int, cells: Int)?) -> Int? {
        let text = Array(series.text.utf8)
        guard text.count <= MetricsLayout.Entry.textRoom else { return nil }
        let cells = series.kind.cells
        if spare?.cells != cells {
            let first = memory.word(at: MetricsLayout.entries).add(UInt64(cells))
            guard first + 1 + UInt64(cells) <= UInt64(MetricsLayout.capacity) else { return nil }
            spare = (Int(first) + 1, cells)
        }
        guard let entry = spare?.entry else { return nil }
        let start = MetricsLayout.entry(entry)
        memory.word(at: start + MetricsLayout.Entry.kind).storeRelaxed(series.kind.rawValue)
        memory.word(at: start + MetricsLayout.Entry.nameHash).storeRelaxed(series.nameHash)
        let place = start + MetricsLayout.Entry.text
        let length = unsafe memory.write(text.span.bytes, in: place..<place + MetricsLayout.Entry.textRoom)
        memory.word(at: start + MetricsLayout.Entry.textLength).storeRelaxed(UInt64(length))
        let hash = series.hash
        let entered = (hash & ~0xFFFF_FFFF) | UInt64(entry)
        for step in 0..<MetricsLayout.indexSize {
            let word = memory.word(at: indexPlace(hash, step))
            if word.load() == 0, word.replace(0, by: entered) {
                spare = nil
                return entry
            }
            let found = word.load()
            if found >> 32 == hash >> 32, describes(series, entry: Int(found & 0xFFFF_FFFF)) {
                return Int(found & 0xFFFF_FFFF)
            }
        }
        return nil
    }

    private func describes(_ series: MetricSeries, entry number: Int) -> Bool {
        entry(number)?.series == series
    }

    /// What an entry says; `nil` when it says nothing that this program understands.
    private func entry(_ number: Int) -> Entry? {
        guard number > 0, number < MetricsLayout.capacity else { return nil }
        let start = MetricsLayout.entry(number)
        func word(_ offset: Int) -> UInt64 { memory.word(at: start + offset).loadRelaxed() }
        guard let kind = MetricKind(rawValue: word(MetricsLayout.Entry.kind)) else { return nil }
        let length = min(Int(clamping: word(MetricsLayout.Entry.textLength)), MetricsLayout.Entry.textRoom)
        let text = start + MetricsLayout.Entry.text
        guard let series = MetricSeries(text: memory.text(in: text..<text + length), kind: kind) else { return nil }
        return Entry(number: number, series: series)
    }

    private struct Entry {
        let number: Int
        let series: MetricSeries
    }

    /// Those in the index, in the order in which they came.
    private var entries: [Entry] {
        (0..<MetricsLayout.indexSize).compactMap { place in
            let word = memory.word(at: MetricsLayout.index(place)).load()
            return word == 0 ? nil : entry(Int(word & 0xFFFF_FFFF))
        }.sorted { $0.number < $1.number }
    }

    // MARK: - Reading

    /// How many times a series found no place of its own.
    public var overflowed: Int { Int(clamping: memory.word(at: MetricsLayout.overflowed).load()) }

    /// Whether that has happened, said to one caller of all processes: who is to log it.
    public func claimsOverflowNotice() -> Bool {
        overflowed > 0 && memory.word(at: MetricsLayout.overflowIsTold).replace(0, by: 1)
    }

    /// All series as they are now, by name and dimensions.
    /// - Parameters:
    ///   - names: of which metrics; `nil` for all.
    ///   - isLive: whether the process that writes in a column lives. Gauges of one that does not are over.
    public func read(
        _ names: Set<String>? = nil,
        isLive: (_ column: Int) -> Bool = { _ in true }
    ) -> [MetricReading] {
        let used = (0..<layout.columns).filter { memory.word(at: MetricsLayout.use($0)).load() != 0 }
        let live = used.filter(isLive)
        let wanted = entries.filter { names?.contains($0.series.name) ?? true }
        let readings = wanted.map { entry in
            let offset = entry.number * MetricsLayout.cellSize
            func sum(_ word: Int, of columns: [Int]) -> UInt64 {
                columns.reduce(0) { $0 &+ memory.word(at: layout.column($1) + offset + word * 8).loadRelaxed() }
            }
            let value: MetricReading.Value
            switch entry.series.kind {
            case .counter: value = .number(Double(sum(0, of: used)))
            case .gauge:
                value = .number(
                    live.reduce(0) { total, column in
                        total + Double(bitPattern: memory.word(at: layout.column(column) + offset).loadRelaxed())
                    }
                )
            case .durations, .sizes, .fineDurations, .operationDurations, .counts:
                guard let bounds = entry.series.kind.bounds else { preconditionFailure("a histogram has bounds") }
                // The sum first: with one that is younger than the counts, a mean could be larger than the largest value.
                let total = Double(Int64(bitPattern: sum(bounds.upper.count + 1, of: used))) / bounds.scale
                let counts = (0...bounds.upper.count).map { Int(clamping: sum($0, of: used)) }
                value = .histogram(
                    MetricReading.Histogram(
                        bounds: bounds.upper.map { Double($0) / bounds.scale },
                        counts: counts,
                        sum: total
                    )
                )
            }
            return MetricReading(series: entry.series, value: value)
        }
        return readings.map { (key: ($0.series.name, $0.series.text), reading: $0) }.sorted { $0.key < $1.key }
            .map(\.reading)
    }
}
