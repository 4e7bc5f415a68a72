import Linux

/// The next program, held open from its preflight until it takes over: what was tried is what is executed.
final class Preflight {
    /// The process that tries it.
    let pid: Int32
    let program: ProgramFile
    /// Where it says whether it could serve.
    let answer: HandoverFile
    /// Whether it went well, and is over.
    private(set) var hasPassed = false

    init(pid: Int32, program: ProgramFile, answer: HandoverFile) {
        self.pid = pid
        self.program = program
        self.answer = answer
    }

    /// The process has ended. Returns what was wrong, if anything was.
    func end(_ status: ExitStatus) -> String? {
        hasPassed = status == .exited(0) && answer.isPassed
        guard !hasPassed else { return nil }
        return answer.failure ?? "the new program \(WorkerExit(status: status).words) before it could serve"
    }
}
