import Prefork

/// Whether the service can take requests or jobs, found out without asking its workers.
struct ServiceReadiness: Sendable {
    let scoreboard: Scoreboard
    let watch: OpsWatch

    /// Why nothing should be sent here; empty when it may be.
    var obstacles: [String] {
        var obstacles: [String] = []
        let ready = scoreboard.workers.filter { $0.phase == .ready }
        if scoreboard.isStopping { obstacles.append("the service is about to stop") }
        if ready.isEmpty { obstacles.append("no worker is ready") }
        // Those that wait may all be with one worker.
        let isSaturated = ready.allSatisfy { $0.freeThreads == 0 } && ready.contains { $0.waiting > 0 }
        if isSaturated { obstacles.append("all threads of all workers are busy, and requests wait") }
        if let store = watch.storeObstacle { obstacles.append(store) }
        return obstacles
    }
}
