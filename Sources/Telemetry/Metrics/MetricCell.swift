import Linux

/// Where this process writes one series. Any of its threads may, at any time.
public struct MetricCell: Sendable {
    let table: MetricsTable
    let kind: MetricKind
    let offset: Int

    /// Counts up. A negative number counts nothing.
    public func add(_ count: Int64 = 1) {
        guard count > 0 else { return }
        table.word(at: offset).add(UInt64(count))
    }

    /// What the gauge shows for this process.
    public func set(_ value: Double) {
        table.word(at: offset).storeRelaxed(value.bitPattern)
    }

    /// Changes what the gauge shows for this process.
    public func change(by value: Double) {
        let word = table.word(at: offset)
        var isChanged = false
        while !isChanged {
            let bits = word.loadRelaxed()
            isChanged = word.replace(bits, by: (Double(bitPattern: bits) + value).bitPattern)
        }
    }

    /// Takes a value into the histogram: nanoseconds of durations, a size. What is below zero counts as zero.
    public func record(_ value: Int64) {
        let bounds = kind.boundCount
        guard bounds > 0 else { return }
        let value = max(0, value)
        table.word(at: offset + kind.bucket(of: value) * 8).add(1)
        if value > 0 { table.word(at: offset + (bounds + 1) * 8).add(UInt64(value)) }
    }
}
