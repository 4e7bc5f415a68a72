public import HTTPServer
public import Linux
public import Logging
public import Prefork
public import SQL
import Telemetry

/// What of this module a request passes through, for whoever measures it from outside.
public enum Measured {
    /// The observer of a worker.
    public static func observer(
        worker: Worker,
        databases: PerThread<Database>?,
        routes: [Route],
        logger: Logger
    ) throws -> any ServerObserver {
        ServiceObserver(
            worker: worker,
            databases: databases,
            routes: routes,
            threads: 1,
            level: try SharedLogLevel(logger.logLevel),
            logger: logger
        )
    }

    /// A service with these settings and databases, and all its routes.
    public static func router<S: Service>(
        of service: S.Type,
        _ variables: [String: String],
        databases: PerThread<Database>?,
        logger: Logger
    ) throws -> Router {
        S.router(
            Dependencies<S.Settings>(settings: try S.settings(variables), databases: databases, logger: logger)
        )
    }
}
