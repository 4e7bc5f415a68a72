import Glibc
import HTTPClient
import Linux
import Prefork
import Telemetry

/// The live view of a service in a terminal: looks again and again until somebody leaves it.
struct LiveStatus {
    let name: String
    let interval: Duration
    /// Finds the service, at first and whenever it has gone.
    let find: () throws(RunningService.NotFound) -> RunningService

    /// What is looked at.
    private struct Subject {
        let service: RunningService
        let sampler: ServiceSampler
        let hosts: HostTable?
        let events: RecentEvents?

        init(_ service: RunningService) {
            self.service = service
            sampler = ServiceSampler(
                scoreboard: service.scoreboard,
                metrics: service.memory(MetricsTable.name).flatMap { MetricsTable(in: $0) },
                handlerTimes: service.memory(HandlerTimesTable.name).flatMap { HandlerTimesTable(reading: $0) },
                processes: [service.supervisor]
            )
            hosts = service.memory(HostTable.name).flatMap { HostTable(reading: $0) }
            events = service.memory(RecentEvents.name).flatMap { RecentEvents(in: $0) }
        }
    }

    /// Shows it until `q` or ^C is pressed, the terminal goes, or a signal ends it.
    /// - Parameter service: What was found at the beginning.
    /// - Returns: The signal, `nil` when somebody left by a key.
    func run(_ screen: TerminalScreen, _ service: RunningService) throws(SystemError) -> CInt? {
        let signals = SignalSet([SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT])
        let before = signals.block()
        defer { before.block() }
        let arrived = try SignalDescriptor(signals)
        var look = Look(name: name, supervisor: service.supervisor)
        while true {
            take(&look)
            screen.show(look.lines(screen.size))
            let next = MonotonicInstant.now + interval
            while true {
                let rest = next - .now
                guard rest > .zero else { break }
                var poll = Poll()
                let keyboard = poll.add(screen.keyboard, .read)
                let signal = poll.add(arrived.rawValue, .read)
                poll.wait(atMost: rest)
                if poll.isReady(signal) {
                    if let end = arrived.read().first(where: { $0 != SIGWINCH }) { return end }
                    screen.show(look.lines(screen.size))
                }
                guard poll.isReady(keyboard) else { continue }
                guard let keys = screen.readKeys() else { return SIGHUP }
                if keys.contains(where: { Self.leavingKeys.contains($0) }) { return nil }
                // ^L, as in other programs.
                if keys.contains(12) { screen.show(look.lines(screen.size)) }
            }
        }
    }

    /// `q`, ^C, and ^D.
    private static let leavingKeys: Set<UInt8> = [UInt8(ascii: "q"), UInt8(ascii: "Q"), 3, 4]

    /// What was seen last, and what the next look is compared with.
    private struct Look {
        let name: String
        var supervisor: Int32
        var sample: ServiceSample?
        var screen: StatusScreen?
        var remark: String?

        func lines(_ size: TerminalScreen.Size) -> [String] {
            guard var screen else { return [remark ?? "", "", "q quits"] }
            screen.remark = remark
            return screen.lines(size)
        }
    }

    private func take(_ look: inout Look) {
        // Anew each time: after an upgrade its memory may be another.
        guard let service = try? RunningService(supervisor: look.supervisor) else { return lookForSuccessor(&look) }
        let subject = Subject(service)
        let sample = subject.sampler.sample()
        let earlier = look.sample
        let rates = earlier.map { ServiceRates(from: $0, to: sample) }
        let concurrency = subject.sampler.handlerTimes.flatMap { table in
            sample.handlers.map { reading in
                let start = earlier?.handlers ?? .nothing(at: table.madeAt)
                return ServiceStatus.Concurrency(
                    report: ConcurrencyReport(from: start, to: reading),
                    pool: table.pool(on: service.scoreboard)
                )
            }
        }
        look.sample = sample
        look.remark = nil
        look.screen = StatusScreen(
            name: name,
            status: ServiceStatus(
                supervisor: service.supervisor,
                service.scoreboard,
                concurrency: concurrency,
                hosts: subject.hosts?.read() ?? []
            ),
            rates: rates,
            events: subject.events?.events()
        )
    }

    private func lookForSuccessor(_ look: inout Look) {
        do throws(RunningService.NotFound) {
            look.supervisor = try find().supervisor
            look.sample = nil
            take(&look)
        } catch {
            // What it did last stays to be seen.
            switch error {
            case .none, .noSupervisor:
                look.remark =
                    "The service has gone; this is what was seen last. Its successor is shown when it is there."
            case .several, .otherVersion: look.remark = error.description
            }
        }
    }
}
