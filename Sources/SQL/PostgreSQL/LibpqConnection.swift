import CPostgreSQL
import Glibc

/// What libpq calls a connection: non-blocking, in pipeline mode, closed when nobody holds it any more.
@safe final class LibpqConnection {
    let location: PostgreSQLLocation

    private let handle: OpaquePointer
    private let warnings: UnsafeMutablePointer<CInt>

    /// The thread that asks the server to end what it runs, until that is found to be over.
    private var cancellation: pthread_t?

    /// Takes an open connection over. It is not in pipeline mode before ``prepare()``.
    init(handle: OpaquePointer, location: PostgreSQLLocation) {
        unsafe self.handle = handle
        self.location = location
        unsafe warnings = .allocate(capacity: 1)
        unsafe warnings.initialize(to: 0)
    }

    deinit {
        if let cancellation { cpostgresql_forget_cancel(cancellation) }
        unsafe cpostgresql_finish(handle)
        unsafe warnings.deallocate()
    }

    /// Makes it what the type promises, and counts warnings from now on. Returns whether that was possible.
    func prepare() -> Bool { unsafe cpostgresql_prepare_connection(handle, warnings) }

    // MARK: State

    /// Whether libpq has given it up.
    var isBad: Bool { unsafe cpostgresql_is_bad(handle) }

    /// Whether the server has a transaction open, be it one that has failed.
    var isInTransaction: Bool {
        let status = unsafe cpostgresql_transaction_status(handle)
        return status == 2 || status == 3
    }

    /// What to say when it is gone: libpq knows why.
    var loss: DatabaseError { .unreachable(location, unsafe String(cString: cpostgresql_connection_error(handle))) }

    /// How many warnings the server has sent.
    var warningCount: CInt { unsafe warnings.pointee }

    /// The process that is to be told in order to cancel: the server's, or a name that a pooler gave.
    var backend: Int64 { Int64(unsafe cpostgresql_backend_pid(handle)) }

    // MARK: Sending

    // Each puts something into libpq's buffer; whether that was possible is what those say that return it.

    func send(command sql: String) { _ = unsafe cpostgresql_send_command(handle, sql) }

    func send(preparationOf prepared: PostgreSQLStatement.Prepared) {
        _ = unsafe cpostgresql_send_prepare(handle, prepared.name, prepared.text.sql)
    }

    /// Sends a statement with its values: its name where the server has it prepared, else its whole text.
    func send(_ statement: PostgreSQLStatement, isPrepared: Bool) -> Bool {
        let prepared = statement.prepared
        let code = unsafe statement.withValues { count, values in
            isPrepared
                ? unsafe cpostgresql_send_prepared(handle, prepared.name, count, values)
                : unsafe cpostgresql_send_unprepared(handle, prepared.text.sql, count, values)
        }
        return code == 1
    }

    func sendSync() { _ = unsafe cpostgresql_pipeline_sync(handle) }

    /// Sends several statements as one text, outside of pipeline mode.
    func send(script sql: String) -> Bool { unsafe cpostgresql_send_script(handle, sql) == 1 }

    func enterPipeline() -> Bool { unsafe cpostgresql_enter_pipeline(handle) == 1 }

    func exitPipeline() { _ = unsafe cpostgresql_exit_pipeline(handle) }

    /// What is left in libpq's buffer after as much as possible went out.
    enum Remainder {
        case nothing, some, failed
    }

    func flush() -> Remainder {
        switch unsafe cpostgresql_flush(handle) {
        case 0: .nothing
        case 1: .some
        default: .failed
        }
    }

    // MARK: Receiving

    /// Takes what the server has sent. Returns whether the connection is still there.
    func consumeInput() -> Bool { unsafe cpostgresql_consume_input(handle) == 1 }

    /// Whether ``nextResult()`` would wait.
    var isBusy: Bool { unsafe cpostgresql_is_busy(handle) }

    /// The next result, nil behind the last one of a statement.
    func nextResult() -> PostgreSQLResult? {
        unsafe cpostgresql_get_result(handle).map { unsafe PostgreSQLResult($0) }
    }

    /// Takes the notifications that were received. Returns whether there were any.
    func takeNotifications() -> Bool {
        var isNotified = false
        while unsafe cpostgresql_take_notification(handle) { isNotified = true }
        return isNotified
    }

    /// What can be read when the server has sent something.
    var socket: CInt { unsafe cpostgresql_socket(handle) }

    /// Waits until there is something to read, or room to write if that is asked for.
    /// - Parameter nanoseconds: For so long, or for ever if it is negative.
    /// - Returns: Whether there is.
    func wait(isWriting: Bool = false, nanoseconds: Int64) -> Bool {
        cpostgresql_wait(unsafe cpostgresql_socket(handle), true, isWriting, nanoseconds) == 1
    }

    /// Asks the server to end what it runs, without waiting for that; not while it is still being asked, because that takes a
    /// thread, and lasts for minutes when the server cannot be reached.
    /// - Returns: Whether it is asked now.
    func cancel() -> Bool {
        if let cancellation, !cpostgresql_end_cancel(cancellation) { return false }
        var thread = pthread_t()
        let isStarted = unsafe cpostgresql_start_cancel(handle, &thread)
        cancellation = isStarted ? thread : nil
        return isStarted
    }
}
