import Prefork
import Telemetry

extension HandlerTimesTable {
    /// The pool as it is meant to be now: how many workers only the scoreboard knows at any moment.
    func pool(on scoreboard: Scoreboard) -> PoolState {
        var pool = pool
        // A supervisor of a former release does not say it there.
        if scoreboard.target > 0 { pool.size.workers = scoreboard.target }
        return pool
    }
}
