public import Linux

/// The first moments of a process that becomes a supervisor.
public enum ProcessStart {
    /// What the process was started with, the program's own name first. Unlike `CommandLine` on Linux it needs no /proc.
    ///
    /// Ask for it before ``Supervisor/run()``, which overwrites it by the process title.
    public static var arguments: [String] { CurrentProcess.arguments }

    /// From now on the supervisor's signals wait until ``Supervisor/run()`` reads them.
    ///
    /// Called as the first thing in `main`, no `HUP` or `USR2` that comes early ends the service. A `TERM` or `INT` stops it
    /// as soon as it runs, also as PID 1, where the kernel would have dropped it.
    public static func holdSignals() { _ = maskBefore }

    /// Whether this program takes over from a former one, whose workers serve: to give up now would end the service.
    public static var isTakeover: Bool { HandoverFile.received?.handover.role == .takeover }

    /// Whether this program was only started to show that it can serve, while another one does: it must not open what that
    /// one has, such as a port.
    public static var isPreflight: Bool { HandoverFile.received?.handover.role == .preflight }

    /// Memory that the former program kept for this one (``Supervisor/keptMemory``). `nil` when there was no former program, or
    /// it had none of this name. Ask once: the memory is the caller's then.
    public static func keptMemory(_ name: String) -> SharedMemory? {
        guard isTakeover, let descriptor = HandoverFile.received?.handover.memory[name] else { return nil }
        let file = FileDescriptor(owning: descriptor)
        guard let size = FileStatus(of: file.rawValue)?.size, size > 0 else { return nil }
        return try? SharedMemory(mapping: file, size: size)
    }

    /// What was blocked before.
    static let maskBefore = SignalSet(SignalSet.managed).block()
}
