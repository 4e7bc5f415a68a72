import Linux

/// All workers that have not been reaped, in the order in which they were forked.
struct WorkerTable: Equatable, RandomAccessCollection {
    private var handles: [WorkerHandle]

    init(_ handles: [WorkerHandle] = []) { self.handles = handles }

    var startIndex: Int { handles.startIndex }
    var endIndex: Int { handles.endIndex }

    subscript(index: Int) -> WorkerHandle {
        get { handles[index] }
        set { handles[index] = newValue }
    }

    mutating func append(_ worker: WorkerHandle) { handles.append(worker) }

    /// The worker with a process id.
    func index(of pid: Int32) -> Int? { handles.firstIndex { $0.pid == pid } }

    /// The worker of a slot whose fork has not been confirmed.
    func unconfirmed(in slot: Int) -> Int? { handles.firstIndex { $0.slot == slot && $0.pid == nil } }

    /// Takes a worker out. Its successor, if it has one, has a place of its own from now on.
    mutating func remove(at index: Int) -> WorkerHandle {
        let worker = handles.remove(at: index)
        forgetPredecessor(in: worker.slot)
        return worker
    }

    /// A successor whose predecessor goes early has a place of its own from now on.
    mutating func forgetPredecessor(in slot: Int) {
        for index in handles.indices where handles[index].predecessor == slot { handles[index].predecessor = nil }
    }

    /// No roll replaces anybody any more.
    mutating func forgetRoll() {
        for index in handles.indices where handles[index].renewal == .roll { handles[index].renewal = nil }
    }

    var vacantSlot: Int? {
        let taken = Set(handles.map(\.slot))
        return (0..<Scoreboard.companionSlots.lowerBound).first { !taken.contains($0) }
    }

    /// Workers with a place of their own.
    var staffed: Int { handles.count(where: \.isStaffed) }
    var ready: Int { handles.count(where: \.isReady) }
    var successors: Int { handles.count(where: \.isSuccessor) }

    /// Those who are to be replaced and have no successor yet, the most urgent first: a worker at a limit of its own is more
    /// urgent than one that is merely of yesterday.
    var dueForReplacement: [WorkerHandle] {
        let succeeded = Set(handles.filter(\.isSuccessor).compactMap(\.predecessor))
        return handles.filter { $0.isReady && $0.renewal != nil && !succeeded.contains($0.slot) }
            .sorted { ($0.renewal == .roll ? 1 : 0, $0.number) < ($1.renewal == .roll ? 1 : 0, $1.number) }
    }
}
