/// What one program hands to the next in an upgrade: the listener, and in the end the workers and the scoreboard.
///
/// It travels as text in an anonymous file whose descriptor an environment variable names. The next program writes its
/// answer behind it. The two programs may be of different versions: the words in the text never change their meaning.
struct Handover: Equatable {
    static let variable = "PREFORK_HANDOVER"

    enum Role: String {
        /// Show that you can boot a worker, and leave again.
        case preflight = "rehearsal"
        /// Take this process over, with its children.
        case takeover
    }

    struct Worker: Equatable {
        var pid: Int32
        var slot: Int
        var number: Int
        var generation: Int
        var phase: WorkerPhase
    }

    struct MailboxEnds: Equatable {
        var slot: Int
        var sender: CInt
        var receiver: CInt
    }

    var role: Role
    /// The listening socket, -1 for a service without one; whether others hold it too, and the file it made.
    var listener: CInt
    var listenerIsShared = false
    var file: SocketFile?
    /// The next program's own file, open for the interpreter should it be a script. Of no use to the program itself.
    var program: CInt = -1
    /// The scoreboard's memory and its layout. A next program with another layout makes a new one.
    var scoreboard: CInt = -1
    var layout = ScoreboardLayout.Identity(version: 0, lanes: 0)
    /// The eventfd by which workers wake the supervisor.
    var wakeup: CInt = -1
    /// The workers' mailboxes. A former program may have had none.
    var mailboxes: [MailboxEnds] = []
    /// Memory that the next program goes on with, by name.
    var memory: [String: CInt] = [:]
    /// The companion, and what it accepts from.
    var companion: Int32?
    var companionListener: CInt = -1
    /// How many workers there should be, and which there are.
    var target = 0
    var generation = 0
    var workers: [Worker] = []
    /// What the former program had to say and could not write yet.
    var notices: [String] = []

    /// The descriptors that the next program needs.
    var descriptors: [CInt] {
        let mailboxes = mailboxes.flatMap { [$0.sender, $0.receiver] }
        return ([listener, companionListener, scoreboard, wakeup] + mailboxes + memory.values.sorted()).filter {
            $0 >= 0
        }
    }

    // MARK: - Text

    /// One fact a line, a word and its values. A reader ignores words that it does not know.
    var text: String {
        var lines = [
            "role \(role.rawValue)",
            "listener \(listener) \(listenerIsShared ? "shared" : "own")",
            "program \(program)",
            "scoreboard \(scoreboard) \(layout.version) \(layout.lanes)",
            "poke \(wakeup)",
            "target \(target)",
            "generation \(generation)",
        ]
        if let companion { lines.append("companion \(companion)") }
        if companionListener >= 0 { lines.append("companion-listener \(companionListener)") }
        // Last on its line, because a path may hold spaces.
        if let file { lines.append("file \(file.device) \(file.node) \(file.path)") }
        for worker in workers {
            let (slot, number, generation) = (worker.slot, worker.number, worker.generation)
            lines.append("worker \(worker.pid) \(slot) \(number) \(generation) \(worker.phase.handoverWord)")
        }
        lines += mailboxes.map { "mailbox \($0.slot) \($0.sender) \($0.receiver)" }
        lines += memory.sorted { $0.key < $1.key }.map { "memory \($0.value) \($0.key)" }
        lines += notices.map { "notice \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `nil` when the text says too little.
    init?(text: String) {
        var facts: [Substring: [Substring]] = [:]
        var workers: [Worker] = []
        var mailboxes: [MailboxEnds] = []
        var memory: [String: CInt] = [:]
        var notices: [String] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ", maxSplits: 1)
            guard words.count == 2 else { continue }
            let values = words[1].split(separator: " ", maxSplits: words[0] == "file" ? 2 : .max)
            if words[0] == "notice" {
                notices.append(String(words[1]))
            } else if words[0] == "worker" {
                if let worker = Worker(values) { workers.append(worker) }
            } else if words[0] == "mailbox" {
                if let ends = MailboxEnds(values) { mailboxes.append(ends) }
            } else if words[0] == "memory" {
                if values.count == 2, let descriptor = CInt(values[0]), descriptor >= 0 {
                    memory[String(values[1])] = descriptor
                }
            } else {
                facts[words[0]] = values
            }
        }
        func number<Value: FixedWidthInteger>(_ word: Substring, _ index: Int = 0) -> Value? {
            facts[word].flatMap { $0.count > index ? Value($0[index]) : nil }
        }
        guard let role = facts["role"].flatMap({ Role(rawValue: String($0[0])) }),
            let listener: CInt = number("listener")
        else { return nil }
        self.role = role
        self.listener = listener
        listenerIsShared = facts["listener"]?.last == "shared"
        program = number("program") ?? -1
        scoreboard = number("scoreboard") ?? -1
        layout = .init(version: number("scoreboard", 1) ?? 0, lanes: number("scoreboard", 2) ?? 0)
        wakeup = number("poke") ?? -1
        companion = number("companion")
        companionListener = number("companion-listener") ?? -1
        target = number("target") ?? 0
        generation = number("generation") ?? 0
        self.notices = notices
        if let device: UInt64 = number("file"), let node: UInt64 = number("file", 1), let path = facts["file"]?.last {
            file = SocketFile(path: String(path), device: device, node: node)
        }
        self.workers = workers
        self.mailboxes = mailboxes
        self.memory = memory
    }

    init(role: Role, listener: Listener?, program: CInt = -1) {
        self.role = role
        self.program = program
        self.listener = listener?.descriptor ?? -1
        listenerIsShared = listener?.isShared ?? false
        file = listener?.file
    }
}

extension Handover.Worker {
    fileprivate init?(_ values: [Substring]) {
        guard values.count == 5, let pid = Int32(values[0]), let slot = Int(values[1]), let number = Int(values[2]),
            let generation = Int(values[3]), let phase = WorkerPhase(handoverWord: values[4])
        else { return nil }
        self.init(pid: pid, slot: slot, number: number, generation: generation, phase: phase)
    }
}

extension Handover.MailboxEnds {
    fileprivate init?(_ values: [Substring]) {
        guard values.count == 3, let slot = Int(values[0]), (0..<Scoreboard.capacity).contains(slot),
            let sender = CInt(values[1]), let receiver = CInt(values[2]), sender >= 0, receiver >= 0
        else { return nil }
        self.init(slot: slot, sender: sender, receiver: receiver)
    }
}

extension WorkerPhase {
    fileprivate var handoverWord: String {
        switch self {
        case .vacant: "vacant"
        case .booting: "booting"
        case .ready: "ready"
        case .draining: "leaving"
        }
    }

    fileprivate init?(handoverWord: Substring) {
        switch handoverWord {
        case "booting": self = .booting
        case "ready": self = .ready
        case "leaving": self = .draining
        default: return nil
        }
    }
}
