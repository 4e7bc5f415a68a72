import HTTPServer
import Linux
import Prefork

/// What the settings mean in the surroundings in which the service is about to run.
struct Examination<Own: SettingsGroup> {
    let settings: ServiceSettings<Own>
    let surroundings: Surroundings
    var expectations = Expectations()

    var server: ServerSettings { settings.server }

    /// All that was looked at, in the order in which it is best read.
    var findings: [Finding] {
        [port, metrics, access, secrets, user, debugging] + misspellings
            + [pool, memory, tasks, processes].compactMap(\.self)
            + [openFiles, backlog, stop, keepAlive, clock, clockSource, kernel].compactMap(\.self) + database
    }

    // MARK: - Who gets in

    private var port: Finding {
        let address = String(describing: server.listenAddress)
        switch surroundings.portObstacle {
        case nil: return .fine("port", "\(address) is free")
        case .addressInUse?:
            return .advice(
                "port",
                "\(address) is taken",
                because: "the service waits as long as SHUTDOWN_TIMEOUT for it, then ends with exit code 69",
                "if it is not this service that runs there already, stop who does (ss -ltnp shows it), or set PORT or HOST to another"
            )
        case let obstacle?:
            return .fault(
                "port",
                obstacle.description,
                because: "the service ends with exit code 69",
                "set PORT and HOST to what this user may listen on"
            )
        }
    }

    private var metrics: Finding {
        guard let port = settings.ops.port else {
            return .advice(
                "metrics",
                "there are none",
                because: "without OPS_PORT nothing is counted, and nobody sees what the service does",
                "set OPS_PORT, such as 9090"
            )
        }
        guard let obstacle = surroundings.opsPortObstacle else {
            let isOfThisHost = IPAddress(settings.ops.host)?.isLoopback == true
            return .fine(
                "metrics",
                "on port \(port) of \(settings.ops.host), "
                    + (settings.ops.token != nil ? "for who has OPS_TOKEN" : "for who is on this host")
                    + (settings.ops.token != nil && !isOfThisHost ? "; the token travels without TLS" : "")
            )
        }
        return .advice(
            "metrics",
            obstacle.description,
            because: "the service does not start without the port that it was told",
            "if it is not this service that runs already, set OPS_PORT to another"
        )
    }

    private var access: Finding {
        let keys = server.apiKeys
        guard server.isOpenUnsaid else {
            let openness = keys.isDeclaredOpen ? "API_KEYS says that the API is open" : "only this host reaches the API"
            return .fine("access", keys.areNone ? openness : "the API asks for a key")
        }
        return .advice(
            "access",
            "the API asks nobody who they are, and HOST is \(server.host)",
            because: "whoever reaches the port may read and write everything",
            "set API_KEYS (`keys new NAME` makes one), or to `open` if that is meant, or let nobody reach the port but a balancer that asks"
        )
    }

    private var secrets: Finding {
        if let file = surroundings.readableSecretFiles.first, !surroundings.platform.isolatesFiles {
            return .advice(
                "secrets",
                "every user of this host may read " + surroundings.readableSecretFiles.joined(separator: ", "),
                because: "a secret that all processes can read is none",
                "chmod 400 \(file), and give it to the service's user"
            )
        }
        let names = surroundings.environmentSecrets
        // There the environment is the platform's own place for them.
        guard !names.isEmpty, surroundings.platform != .heroku else {
            return .fine("secrets", "are where they are kept")
        }
        return .advice(
            "secrets",
            names.joined(separator: ", ") + (names.count == 1 ? " is" : " are") + " in the environment",
            because:
                "each child process inherits it, and process listings, crash reports and container inspection show it",
            names.map { "set \($0)_FILE to the path of a file" }.joined(separator: ", ")
                + " that only this user may read"
        )
    }

    private var user: Finding {
        if surroundings.isRoot {
            return .advice(
                "user",
                "this is root",
                because: "a fault in a handler would be a fault of the whole host",
                "run the service as a user of its own (User= or DynamicUser= of systemd, USER of an image)"
            )
        }
        if let mask = surroundings.fileMask, mask & 0o002 == 0 {
            return .advice(
                "user",
                "what the service makes, every user of this host may write (umask is \(octal(mask)))",
                because: "that is the database, too",
                "set UMask=0077 in the unit, or umask 077 where the service is started"
            )
        }
        return .fine("user", "not root" + (surroundings.fileMask.map { ", umask \(octal($0))" } ?? ""))
    }

    private func octal(_ mask: Int) -> String {
        let digits = String(mask, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    private var debugging: Finding {
        guard server.debugHeaders == .on else { return .fine("answers", "do not say which process gave them") }
        return .advice(
            "answers",
            "each says which process and thread gave it",
            because: "clients have no use for that, and attackers may",
            "set DEBUG_HEADERS to off"
        )
    }

    private var misspellings: [Finding] {
        guard !settings.misspellings.isEmpty else { return [] }
        let names = settings.misspellings
        return [
            .advice(
                "settings",
                names.map { "\($0.variable) is none" }.joined(separator: ", "),
                because: "the service does not read it, and whoever set it believes that it does",
                names.map { "\($0.setting) may be meant" }.joined(separator: ", ")
            )
        ]
    }

    // MARK: - Processors and memory

    var mostWorkers: Int {
        switch server.workers {
        case .auto: surroundings.processors.workers
        case .range(let range): range.upperBound
        }
    }

    private var pool: Finding {
        let processors = surroundings.processors.processors
        let saw =
            "\(mostWorkers) workers × \(server.threads.count) threads on \(processors.text(decimals: 1)) processors"
        guard Double(mostWorkers) > 4 * processors + 1 else { return .fine("workers", saw) }
        return .advice(
            "workers",
            saw,
            because: "workers that outnumber processors take memory and turns from each other; waiting needs threads",
            "set WEB_CONCURRENCY to auto, and raise WEB_THREADS; the command `status` says what the load needs"
        )
    }

    /// What an idle worker and a thread with some stack take, measured, and the bodies that a worker holds at most.
    private var memory: Finding {
        let group = surroundings.processors.memory
        guard let limit = [group, surroundings.hostMemory].compactMap(\.self).min() else {
            return .fine("memory", "nobody says how much there is")
        }
        let idle = 16 << 20 + mostWorkers << 20
        let threads = mostWorkers * server.threads.count * 128 << 10
        let bodies = mostWorkers * server.maxBodyMemory
        let most = idle + threads + bodies
        let owner = limit == group ? "the control group grants" : "the host has"
        let saw =
            "at most about \(megabytes(most)): processes \(megabytes(idle)), threads \(megabytes(threads)), "
            + "bodies \(megabytes(bodies)); \(owner) \(megabytes(limit))"
        guard most > limit else { return .fine("memory", saw) }
        return .advice(
            "memory",
            saw,
            because: "under the heaviest load the kernel kills a worker, with the requests that it has",
            "lower MAX_BODY_MEMORY, WEB_CONCURRENCY or WEB_THREADS, or raise the limit"
        )
    }

    private func megabytes(_ bytes: Int) -> String { "\((bytes + 1 << 19) >> 20) MB" }

    /// A roll has one worker more; then there are the supervisor, the ops process, and what a worker has beside its handlers.
    private var mostTasks: Int { (mostWorkers + 1) * (server.threads.count + 2) + 8 }

    private var tasks: Finding? {
        guard let limit = surroundings.processors.tasks else { return nil }
        let saw = "at most \(mostTasks) processes and threads; the control group grants \(limit)"
        guard mostTasks > limit else { return .fine("tasks", saw) }
        return .fault(
            "tasks",
            saw,
            because: "workers cannot be replaced, and requests get no thread",
            "raise pids.max (TasksMax= of systemd, --pids-limit of Docker), or lower WEB_CONCURRENCY or WEB_THREADS"
        )
    }

    private var processes: Finding? {
        guard let limit = surroundings.processes else { return nil }
        let saw = "at most \(mostTasks) processes and threads; this user may have \(limit), all services together"
        guard mostTasks > limit else { return .fine("processes", saw) }
        return .fault(
            "processes",
            saw,
            because: "workers cannot be replaced, and requests get no thread",
            "raise the limit (LimitNPROC= of systemd, ulimit -u), or lower WEB_CONCURRENCY or WEB_THREADS"
        )
    }

    private var openFiles: Finding {
        guard let limit = surroundings.openFiles else { return .fine("descriptors", "nothing limits them") }
        // Beside connections: logs, the database, epoll and the like.
        let needed = server.maxConnections + 64
        let saw = "a worker may have \(limit); MAX_CONNECTIONS needs \(needed)"
        guard needed > limit else { return .fine("descriptors", saw) }
        return .advice(
            "descriptors",
            saw,
            because: "at the limit connections are left waiting, and handlers cannot open files",
            "raise the hard limit (LimitNOFILE= of systemd, --ulimit nofile of Docker), or lower MAX_CONNECTIONS"
        )
    }

    private var backlog: Finding {
        guard let longest = surroundings.longestBacklog else { return .fine("backlog", "\(server.backlog)") }
        let saw = "BACKLOG is \(server.backlog), net.core.somaxconn \(longest)"
        guard server.backlog > longest else { return .fine("backlog", saw) }
        return .advice(
            "backlog",
            saw,
            because: "the kernel takes the smaller: a client that finds the queue full tries again a second later",
            "raise net.core.somaxconn, or lower BACKLOG"
        )
    }

    // MARK: - Times

    private var stop: Finding {
        let most = server.shutdownTimeout + server.drainDelay
        guard server.shutdownTimeout > server.requestTimeout else {
            return .advice(
                "stop",
                "SHUTDOWN_TIMEOUT (\(seconds(server.shutdownTimeout))) is not above REQUEST_TIMEOUT (\(seconds(server.requestTimeout)))",
                because: "a stop cuts off requests that would still have been answered in time",
                "raise the one or lower the other"
            )
        }
        let platform = surroundings.platform
        let saw = "takes at most \(seconds(most)) (DRAIN_DELAY and SHUTDOWN_TIMEOUT)"
        guard let grace = expectations.grace ?? platform.grace else {
            return .fine("stop", saw + "; whoever stops the service should wait longer before it kills")
        }
        let patience =
            "\(saw); \(platform.name) kills after \(seconds(grace))"
            + (expectations.grace == nil ? " unless told otherwise (--grace)" : "")
        guard most >= grace else { return .fine("stop", patience) }
        return .advice(
            "stop",
            patience,
            because: "requests that are still being answered then are lost",
            platform.graceRemedy
        )
    }

    /// nginx keeps connections to a service for 60 seconds, an AWS load balancer too.
    private static var usualBalancer: Duration { .seconds(60) }

    private var keepAlive: Finding {
        let known = surroundings.platform.balancer
        let idle = expectations.balancer ?? known?.idle ?? Self.usualBalancer
        let saw = "idle connections stay open for \(seconds(server.keepAliveTimeout))"
        let who =
            if expectations.balancer != nil {
                "the balancer keeps them for \(seconds(idle))"
            } else if let known {
                "\(known.name) keeps them for \(seconds(idle))"
            } else {
                "nginx and AWS keep them for \(seconds(idle)), Google's balancer for 600 s (--balancer)"
            }
        guard server.keepAliveTimeout <= idle else { return .fine("keep-alive", "\(saw); \(who)") }
        return .advice(
            "keep-alive",
            "\(saw), and \(who)",
            because: "a request that crosses the end of its connection on the wire is answered 502 by the balancer",
            "set KEEPALIVE_TIMEOUT to \(seconds(idle + .seconds(5)).filter { $0 != " " }) or more"
        )
    }

    func seconds(_ duration: Duration) -> String {
        let seconds = Double(duration.nanoseconds) / 1e9
        return (seconds == seconds.rounded() ? "\(Int(seconds))" : seconds.text(decimals: 1)) + " s"
    }

    private var clock: Finding {
        switch surroundings.clockIsSynchronized {
        case true?: .fine("clock", "is synchronized")
        case nil: .fine("clock", "the kernel does not say whether it is synchronized")
        case false?:
            .advice(
                "clock",
                "nobody keeps it right, as far as the kernel knows",
                because:
                    "times in the log and in the data drift away from those of other hosts; deadlines do not go by it",
                "run chrony or systemd-timesyncd on the host"
            )
        }
    }

    /// Those that a process reads without asking the kernel.
    private static var quickClockSources: Set<String> {
        ["tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "hyperv_clocksource", "arch_sys_counter", "xen"]
    }

    private var clockSource: Finding? {
        guard let source = surroundings.clockSource else { return nil }
        guard !Self.quickClockSources.contains(source) else { return .fine("clock source", source) }
        return .advice(
            "clock source",
            source,
            because: "each look at it is a system call of a microsecond or so, and each request looks several times",
            "choose tsc where the host has it (/sys/devices/system/clocksource/clocksource0/available_clocksource)"
        )
    }

    private var kernel: Finding? {
        guard let (major, minor) = surroundings.kernel else { return nil }
        guard (major, minor) < (5, 7), server.drainDelay == .zero else {
            return .fine("kernel", "Linux \(major).\(minor)")
        }
        return .advice(
            "kernel",
            "Linux \(major).\(minor)",
            because: "before 5.7 new connections cannot be refused in a stop, and those that come last are reset",
            "set DRAIN_DELAY, so that the balancer looks away first, or use a newer kernel"
        )
    }
}
