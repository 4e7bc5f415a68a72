import HTTPServer

/// One thing that was looked at before a service runs.
struct Finding: Hashable {
    enum Weight: String, Hashable {
        /// As it should be.
        case fine
        /// The service runs, and something will surprise its operator one day.
        case advice
        /// The service will not run, or not serve.
        case fault
    }

    let weight: Weight
    /// What was looked at, in a word or two.
    let subject: String
    /// What was seen.
    let saw: String
    /// Why that matters; `nil` where all is as it should be.
    var why: String?
    /// What to change; `nil` where nothing is to be changed.
    var remedy: String?

    static func fine(_ subject: String, _ saw: String) -> Finding {
        Finding(weight: .fine, subject: subject, saw: saw)
    }

    static func advice(_ subject: String, _ saw: String, because why: String, _ remedy: String) -> Finding {
        Finding(weight: .advice, subject: subject, saw: saw, why: why, remedy: remedy)
    }

    static func fault(_ subject: String, _ saw: String, because why: String, _ remedy: String) -> Finding {
        Finding(weight: .fault, subject: subject, saw: saw, why: why, remedy: remedy)
    }
}

extension [Finding] {
    /// For people, in the order in which they were looked at.
    /// - Parameter isColoured: Whether a terminal shows it.
    func text(isColoured: Bool = false) -> String {
        let width = map(\.subject.count).max() ?? 0
        let lines = map { finding in
            let space = String(repeating: " ", count: width - finding.subject.count)
            let indent = "\n        " + String(repeating: " ", count: width + 2)
            return finding.weight.mark(isColoured: isColoured) + "  " + finding.subject + space + "  " + finding.saw
                + (finding.why.map { indent + "because: " + $0 } ?? "")
                + (finding.remedy.map { indent + "change:  " + $0 } ?? "")
        }
        return (lines + ["", summary]).joined(separator: "\n")
    }

    /// One JSON object.
    var json: String {
        var json = JSONWriter(capacity: 4096)
        json.object { json in
            json.member("faults", count(of: .fault))
            json.member("advice", count(of: .advice))
            json.key("findings")
            json.array { json in
                for finding in self {
                    json.object { json in
                        json.member("subject", finding.subject)
                        json.member("weight", finding.weight.rawValue)
                        json.member("saw", finding.saw)
                        if let why = finding.why { json.member("why", why) }
                        if let remedy = finding.remedy { json.member("change", remedy) }
                    }
                }
            }
        }
        return String(decoding: json.bytes, as: UTF8.self)
    }

    /// How many are of a weight.
    func count(of weight: Finding.Weight) -> Int { count { $0.weight == weight } }

    private var summary: String {
        let (faults, advice) = (count(of: .fault), count(of: .advice))
        if faults > 0 { return "The service cannot serve like this: \(faults) to mend, \(advice) to think about." }
        return advice > 0 ? "The service can run; \(advice) to think about." : "The service can run."
    }
}

extension Finding.Weight {
    fileprivate func mark(isColoured: Bool) -> String {
        let (word, colour) =
            switch self {
            case .fine: ("ok    ", 32)
            case .advice: ("advice", 33)
            case .fault: ("FAULT ", 31)
            }
        return isColoured ? "\u{1B}[\(colour)m\(word)\u{1B}[0m" : word
    }
}
