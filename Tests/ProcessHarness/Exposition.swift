/// Prometheus' text, as a scrape reads it.
struct Exposition {
    /// What kind of metric each name is.
    private(set) var types: [String: String] = [:]
    /// By name and labels as they stand there.
    private(set) var samples: [String: Double] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            if line.hasPrefix("#") {
                let words = line.split(separator: " ", maxSplits: 3)
                if words.count == 4, words[1] == "TYPE" { types[String(words[2])] = String(words[3]) }
            } else if let space = line.lastIndex(of: " "), let value = Double(line[line.index(after: space)...]) {
                samples[String(line[..<space])] = value
            }
        }
    }

    /// The sum of all series of a name that have these words among their labels, such as `route="/a"`.
    func sum(_ name: String, _ labels: String...) -> Double {
        samples.reduce(0) { sum, sample in
            guard sample.key == name || sample.key.hasPrefix(name + "{") else { return sum }
            return labels.allSatisfy { sample.key.contains($0) } ? sum + sample.value : sum
        }
    }

    /// How many series a name has.
    func count(of name: String) -> Int { samples.keys.count { $0 == name || $0.hasPrefix(name + "{") } }

    /// Those that must never go back: counters, and all of histograms.
    var rising: [String: Double] {
        let names = types.filter { $0.value == "counter" || $0.value == "histogram" }.keys
        let rising = Set(names.flatMap { [$0, $0 + "_bucket", $0 + "_count", $0 + "_sum"] })
        return samples.filter { rising.contains(String($0.key.prefix { $0 != "{" })) }
    }

    /// Whose values are below those of an earlier scrape, or are not there any more.
    func fallen(since earlier: Exposition) -> [String] {
        let now = rising
        return earlier.rising.filter { now[$0.key] ?? -1 < $0.value }.map {
            "\($0.key): \($0.value), then \(now[$0.key].map { "\($0)" } ?? "nothing")"
        }
    }
}
