import CCurl
import Glibc
import Linux

/// One thread's connections to other services and the transfers on them: a multi handle of libcurl (libcurl-multi(3)).
///
/// Each thread has its own, so nobody waits for a lock; transfers of one thread share connections, and streams of one where
/// the other side speaks HTTP/2.
@safe
final class Connections {
    private let multi: OpaquePointer
    private var free: [Transfer] = []

    private static let perThread = PerThread<Connections?> { Connections() }

    /// How many connections a thread keeps that nobody uses: one for each of as many services as it may ask at once.
    private static let idleConnections = 64
    /// How many handles a thread keeps; each is some 10 KB, and there are only as many as were ever in use at once.
    private static let keptTransfers = 64

    /// The calling thread's.
    static func current(for host: String) throws(HTTPClientError) -> Connections {
        try CurlLibrary.load(for: host)
        guard let connections = perThread.current else {
            throw HTTPClientError(.cannotConnect("out of memory"), host: host)
        }
        return connections
    }

    private init?() {
        guard let handle = unsafe ccurl_multi_init(Self.idleConnections) else { return nil }
        unsafe multi = handle
    }

    deinit {
        free.removeAll()
        unsafe ccurl_multi_cleanup(multi)
    }

    /// Sends a request on its way.
    func start(_ plan: Transfer.Plan) throws(HTTPClientError) -> Transfer {
        let file = plan.configuration.caFile
        let transfer =
            if let index = free.lastIndex(where: { $0.canTrust(file) }) { free.remove(at: index) } else {
                try Transfer(for: plan.target.origin)
            }
        try transfer.prepare(plan)
        guard unsafe ccurl_multi_add(multi, transfer.easy) else {
            throw HTTPClientError(.cannotConnect("out of memory"), host: plan.target.origin)
        }
        return transfer
    }

    /// Takes a transfer off, ended or not, and keeps its handle for the next.
    func finish(_ transfer: Transfer) {
        unsafe ccurl_multi_remove(multi, transfer.easy)
        transfer.clear()
        if free.count < Self.keptTransfers { free.append(transfer) }
    }

    /// Moves all transfers on as far as they go without waiting.
    /// - Returns: Whether one has ended.
    func advance() -> Bool {
        _ = unsafe ccurl_multi_perform(multi)
        var hasEnded = false
        var result: CInt = 0
        while let context = unsafe ccurl_multi_next_ended(multi, &result) {
            unsafe Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().end(result)
            hasEnded = true
        }
        return hasEnded
    }

    /// Waits until one of the connections has something to do, or that moment has come.
    func wait(until moment: MonotonicInstant) {
        let time = (moment - MonotonicInstant.now).nanoseconds
        // Rounded up: a moment too early would be waited for again and again.
        let milliseconds = (min(max(time, 0), 60_000_000_000) + 999_999) / 1_000_000
        _ = unsafe ccurl_multi_poll(multi, CInt(milliseconds))
    }
}
