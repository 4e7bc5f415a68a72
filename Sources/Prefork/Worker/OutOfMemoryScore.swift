import Linux

/// Whom the kernel kills first when memory runs out (proc(5), oom_score_adj): a worker, which the supervisor replaces.
///
/// The kernel takes the process with the most memory, and to that adds as many thousandths of all there is as the score
/// says. A worker just forked has hardly any memory of its own, so in a small container only the score makes it the larger.
enum OutOfMemoryScore {
    /// Thousandths of all memory by which a worker seems larger than the supervisor, whatever that holds.
    private static let lead = 100
    private static let highest = 1000

    /// In a worker: makes it go before the supervisor. Everybody may raise a score; what the user has set is only added to.
    static func raise(above supervisor: Int32) {
        let path = "/proc/self/oom_score_adj"
        guard let text = SystemFile.read(path), let score = Int(text.prefix { $0 != "\n" }) else { return }
        let difference = difference(
            resident: ProcessMemory.resident(of: supervisor) ?? 0,
            limit: ProcessorBudget.current.memory
        )
        SystemFile.write("\(min(highest, score + difference))", to: path)
    }

    /// By how much a worker without any memory must lead a supervisor with so many bytes, of a limited number or of all that
    /// the host has, where the supervisor is a trifle.
    static func difference(resident: Int, limit: Int?) -> Int {
        guard let limit, limit > 0 else { return lead }
        guard resident < limit else { return highest }
        return min(highest, lead + (resident * highest + limit - 1) / limit)
    }
}
