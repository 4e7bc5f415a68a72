/// Where everything is on the scoreboard, in bytes.
///
/// One page for what concerns all, then the slots. Every word has 64 bits. Inside a slot, words that are written by different processes or at
/// different rates have their own cache lines of 64 bytes.
enum ScoreboardLayout {
    /// Changes whenever a reader of the former layout would be misled. An upgrade compares it.
    static let version: UInt64 = 1

    static let versionWord = 0
    static let leaving = 64

    static let firstSlot = 4096
    static let slotSize = 2048
    static let size = firstSlot + Scoreboard.capacity * slotSize

    /// Who: written at the fork and at each change of phase.
    enum Identity {
        static let phase = 0
        static let generation = 8
        static let pid = 16
        static let number = 24
        static let wantsReplacement = 32
        static let readyAt = 40
        static let requestsWhenDraining = 48
    }

    /// How much: written with every request.
    enum Counters {
        static let requests = 64
        static let connections = 72
        static let droppedLogLines = 80
    }

    /// What: the request being served, guarded by `sequence`.
    enum BlackBox {
        static let sequence = 128
        static let startedAt = 136
        static let deadline = 144
        static let labelLength = 152
        static let idLength = 160
        static let label = 168
        static let labelRoom = 200
        static let id = label + labelRoom
        static let idRoom = 128
    }

    /// Where a stuck worker was: written once, by the worker that is about to be aborted.
    enum Backtrace {
        static let count = 512
        static let addresses = 520
        static let room = 63
    }

    /// The second half is kept for metrics.
    static let metrics = 1024
}
