/// One thing that was looked at before a service runs.
struct Finding: Hashable {
    enum Weight: Hashable {
        /// As it should be.
        case fine
        /// The service runs, and something will surprise its operator one day.
        case advice
        /// The service will not run, or loses what it should keep.
        case fault
    }

    let weight: Weight
    /// What was looked at, in a word or two.
    let subject: String
    /// How it is.
    let text: String
    /// What to change; `nil` where nothing is to be changed.
    var remedy: String?

    static func fine(_ subject: String, _ text: String) -> Finding {
        Finding(weight: .fine, subject: subject, text: text)
    }

    static func advice(_ subject: String, _ text: String, _ remedy: String) -> Finding {
        Finding(weight: .advice, subject: subject, text: text, remedy: remedy)
    }

    static func fault(_ subject: String, _ text: String, _ remedy: String) -> Finding {
        Finding(weight: .fault, subject: subject, text: text, remedy: remedy)
    }
}
