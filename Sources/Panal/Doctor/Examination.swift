import HTTPServer
import Linux
import Prefork
import SQL

/// What the settings mean in the surroundings in which the service is about to run.
struct Examination<Own: SettingsGroup> {
    let settings: ServiceSettings<Own>
    let surroundings: Surroundings

    private var server: ServerSettings { settings.server }

    var findings: [Finding] {
        var findings = [port, pool, memory, openFiles, backlog, stop, keepAlive, access, clock]
        if let tasks { findings.append(tasks) }
        if let ops { findings.append(ops) }
        findings += database
        return findings
    }

    // MARK: - Ports

    private var port: Finding {
        let address = String(describing: server.listenAddress)
        guard let obstacle = surroundings.portObstacle else { return .fine("port", "\(address) is free") }
        // A service that runs already is the usual reason.
        return .advice("port", obstacle, "stop who has it, or set PORT or HOST to another")
    }

    private var ops: Finding? {
        guard let port = settings.ops.port else {
            return .advice(
                "metrics",
                "nobody counts, and no page shows the service",
                "set OPS_PORT, such as 9090"
            )
        }
        guard let obstacle = surroundings.opsPortObstacle else {
            return .fine("metrics", "on port \(port) of \(settings.ops.host)")
        }
        return .advice("metrics", obstacle, "stop who has it, or set OPS_PORT to another")
    }

    private var access: Finding {
        let isOfThisHost = server.host.hasPrefix("unix:") || IPAddress(server.host)?.isLoopback == true
        guard server.apiKeys.isEmpty, !isOfThisHost else {
            return .fine("access", server.apiKeys.isEmpty ? "only this host reaches the API" : "the API asks for a key")
        }
        return .advice("access", "the API is open to whoever reaches the port", "set API_KEYS, or keep the port to a balancer that asks")
    }

    // MARK: - Processors and memory

    private var mostWorkers: Int {
        switch server.workers {
        case .auto: surroundings.processors.workers
        case .range(let range): range.upperBound
        }
    }

    private var pool: Finding {
        let processors = surroundings.processors.processors
        let text = "\(mostWorkers) workers × \(server.threads.count) threads on \(processors.text(decimals: 1)) processors"
        guard Double(mostWorkers) > 4 * processors + 1 else { return .fine("workers", text) }
        return .advice(
            "workers",
            text,
            "waiting needs threads (WEB_THREADS), not workers: set WEB_CONCURRENCY to auto, or ask App status for what the load needs"
        )
    }

    /// What an idle worker and a thread with some stack take, measured, and the bodies that a worker holds at most.
    private var memory: Finding {
        guard let limit = surroundings.processors.memory else { return .fine("memory", "no control group limits it") }
        let idle = 16 << 20
        let threads = mostWorkers * server.threads.count * 128 << 10
        let bodies = mostWorkers * server.maxBodyMemory
        let most = idle + mostWorkers << 20 + threads + bodies
        let text = "at most about \(megabytes(most)), of which bodies \(megabytes(bodies)); the limit is \(megabytes(limit))"
        guard most > limit else { return .fine("memory", text) }
        return .advice("memory", text, "lower MAX_BODY_MEMORY, WEB_CONCURRENCY or WEB_THREADS, or raise the limit")
    }

    private func megabytes(_ bytes: Int) -> String { "\((bytes + 1 << 19) >> 20) MB" }

    private var tasks: Finding? {
        guard let limit = surroundings.tasks else { return nil }
        // A roll has one worker more; then there are the supervisor, the ops process, and what a worker has beside its handlers.
        let most = (mostWorkers + 1) * (server.threads.count + 2) + 8
        let text = "at most \(most) processes and threads; the control group allows \(limit)"
        guard most > limit else { return .fine("tasks", text) }
        return .fault("tasks", text, "raise pids.max, or lower WEB_CONCURRENCY or WEB_THREADS")
    }

    private var openFiles: Finding {
        guard let limit = surroundings.openFiles else { return .fine("descriptors", "nothing limits them") }
        // Beside connections: logs, the database, epoll and the like.
        let needed = server.maxConnections + 64
        let text = "a worker may have \(limit); MAX_CONNECTIONS needs \(needed)"
        guard needed > limit else { return .fine("descriptors", text) }
        return .advice(
            "descriptors",
            text,
            "raise the hard limit (LimitNOFILE of systemd, --ulimit nofile of Docker), or lower MAX_CONNECTIONS"
        )
    }

    private var backlog: Finding {
        guard let longest = surroundings.longestBacklog else { return .fine("backlog", "\(server.backlog)") }
        let text = "BACKLOG is \(server.backlog), net.core.somaxconn \(longest)"
        guard server.backlog > longest else { return .fine("backlog", text) }
        return .advice("backlog", text, "raise net.core.somaxconn, or lower BACKLOG")
    }

    // MARK: - Times

    private var stop: Finding {
        let most = server.shutdownTimeout + server.drainDelay
        guard server.shutdownTimeout > server.requestTimeout else {
            return .advice(
                "stop",
                "SHUTDOWN_TIMEOUT (\(seconds(server.shutdownTimeout))) is not above REQUEST_TIMEOUT (\(seconds(server.requestTimeout)))",
                "raise the one or lower the other, or a stop cuts long requests off"
            )
        }
        guard let grace = surroundings.platform.grace else {
            return .fine("stop", "takes at most \(seconds(most)); whoever stops the service should wait longer before KILL")
        }
        let text = "takes at most \(seconds(most)) (DRAIN_DELAY and SHUTDOWN_TIMEOUT); \(surroundings.platform.name) kills after \(seconds(grace)) unless told otherwise"
        guard most >= grace else { return .fine("stop", text) }
        return .advice("stop", text, surroundings.platform.graceRemedy)
    }

    /// Heroku's router keeps connections for 90 seconds, an AWS load balancer for 60.
    private var keepAlive: Finding {
        let least: Duration = surroundings.platform == .heroku ? .seconds(90) : .seconds(60)
        let text = "idle connections stay open for \(seconds(server.keepAliveTimeout))"
        guard server.keepAliveTimeout <= least else { return .fine("keep-alive", text) }
        return .advice(
            "keep-alive",
            text + ", and balancers keep them for \(seconds(least))",
            "raise KEEPALIVE_TIMEOUT above the balancer's, or requests cross the end of their connection"
        )
    }

    private func seconds(_ duration: Duration) -> String { (Double(duration.nanoseconds) / 1e9).text(decimals: 1) + " s" }

    private var clock: Finding {
        switch surroundings.clockIsSynchronized {
        case true?: .fine("clock", "is synchronized")
        case nil: .fine("clock", "the kernel does not say whether it is synchronized")
        case false?:
            .advice("clock", "nobody keeps it right, as far as the kernel knows", "run chrony or systemd-timesyncd on the host")
        }
    }

    // MARK: - The database

    private var database: [Finding] {
        guard let database = surroundings.database, let settings = settings.database else { return [] }
        var findings: [Finding] = []
        switch database.readiness {
        case .ready: findings.append(.fine("database", "is there, at this program's schema, and can be written"))
        case .readable(let obstacle): findings.append(.fault("database", obstacle.description, "until then writes fail"))
        case .unready(let error):
            findings.append(.fault("database", error.description, "until then the service answers 503"))
        }
        if let note = database.libraryNote { findings.append(.fine("library", note)) }
        if let finding = connections(database, settings) { findings.append(finding) }
        if let offset = database.clockOffset {
            let text = "the database server's is \(seconds(offset)) away from this host's"
            findings.append(
                offset.nanoseconds.magnitude < 1_000_000_000
                    ? .fine("clocks", text)
                    : .advice("clocks", text, "synchronize both: rules such as \"not in the past\" go by this host's")
            )
        }
        return findings
    }

    private func connections(_ database: Surroundings.DatabaseFindings, _ settings: DatabaseSettings) -> Finding? {
        guard let capacity = database.capacity else { return nil }
        if case .unknown(let reason) = capacity {
            return .advice("connections", "nobody knows how many the server grants: \(reason)", "set DATABASE_CONNECTIONS")
        }
        guard let limit = capacity.limit else { return .fine("connections", "the server has no limit of its own, or a pooler shares it out") }
        do throws(ConnectionBudget.Exceeded) {
            let budget = try ConnectionBudget(
                limit: limit,
                workers: server.workers,
                usableWorkers: surroundings.processors.workers,
                threads: server.threads
            )
            let text = "one instance needs at most \(budget.needed) of \(limit)"
            let rest = limit / max(1, budget.needed)
            guard rest < 2 else { return .fine("connections", text + ", enough for \(rest) instances") }
            return .advice(
                "connections",
                text + ", which leaves none for a second instance",
                "for several instances set DATABASE_CONNECTIONS for each, or put a pooler such as PgBouncer before the server"
            )
        } catch {
            return .fault("connections", error.description, "until then the service does not start")
        }
    }
}
