import Glibc
import Linux

/// How much memory a process uses.
enum ProcessMemory {
    /// Its proportional share (PSS) in bytes: what is shared counts as a fraction (proc(5), smaps_rollup).
    static func proportional(of pid: Int32) -> Int? {
        SystemFile.read("/proc/\(pid)/smaps_rollup").flatMap { proportional(in: $0) }
    }

    /// All that it has in memory (RSS) in bytes, shared or not (proc(5), statm).
    static func resident(of pid: Int32) -> Int? {
        let words = SystemFile.read("/proc/\(pid)/statm")?.split(separator: " ") ?? []
        return words.count >= 2 ? Int(words[1]).map { $0 * Int(getpagesize()) } : nil
    }

    /// The proportional share from the file's text: a line "Pss:  1234 kB".
    static func proportional(in text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix("Pss:") {
            let words = line.split(separator: " ")
            return words.count >= 2 ? Int(words[1]).map { $0 * 1024 } : nil
        }
        return nil
    }
}
