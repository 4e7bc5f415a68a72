import ArgumentParser
import Logging
import Prefork
import SQL
import Telemetry

extension ServiceSettings {
    /// What the database's connections are enough for, said in the log; the end of the process when that is less than the
    /// settings ask for in numbers.
    /// - Parameter others: Connections of processes that are no workers.
    func connectionBudgetOrExit(
        for use: ConnectionBudget.Use,
        workers: WorkerCount,
        threads: ThreadCount,
        others: Int = 0,
        _ logger: Logger
    ) throws -> ConnectionBudget {
        func budget(within limit: Int?) throws(ConnectionBudget.Exceeded) -> ConnectionBudget {
            try ConnectionBudget(
                limit: limit,
                workers: workers,
                usableWorkers: ProcessorBudget.current.workers,
                threads: threads,
                for: use
            )
        }
        let capacity = database?.capacity()
        do throws(ConnectionBudget.Exceeded) {
            let budget = try budget(within: capacity?.limit.map { $0 - others })
            say(budget, capacity, logger)
            return budget
        } catch {
            logger.error(
                "too few database connections",
                metadata: [
                    "available": .number(error.limit), "needed": .number(error.needed),
                    "details": .string(error.description),
                ]
            )
            // The rehearsal of this program went well, so it is no worse off than the one before.
            guard ProcessStart.isTakeover, let budget = try? budget(within: nil) else {
                throw faultyConfiguration
            }
            return budget
        }
    }

    private func say(_ budget: ConnectionBudget, _ capacity: DatabaseSettings.Capacity?, _ logger: Logger) {
        var metadata: Logger.Metadata = [
            "needed": .number(budget.needed), "workers": .number(budget.workers), "threads": .number(budget.threads),
        ]
        switch capacity {
        case nil: break
        case .set(let count):
            metadata["available"] = .number(count)
            logger.info("database connections", metadata: metadata)
        case .known(let known):
            metadata["available"] = known.limit.map { .number($0) }
            metadata["pooled"] = .string(known.isPooled ? "yes" : "no")
            logger.info("database connections", metadata: metadata)
        case .unknown(let reason):
            metadata["reason"] = .string(reason)
            logger.warning("it is not known how many connections the database has", metadata: metadata)
        }
    }
}
