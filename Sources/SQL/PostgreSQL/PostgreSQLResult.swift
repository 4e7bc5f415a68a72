import CPostgreSQL

/// A result of libpq's, which frees itself.
@safe struct PostgreSQLResult: ~Copyable {
    private let handle: OpaquePointer

    init(_ handle: OpaquePointer) { unsafe self.handle = handle }

    deinit { unsafe cpostgresql_clear(handle) }

    /// What kind of result it is.
    enum Status {
        case success, empty, failure, sync, skipped, unsupported
    }

    /// ExecStatusType of libpq-fe.h.
    var status: Status {
        switch unsafe cpostgresql_result_status(handle) {
        case 0: .empty
        case 1, 2: .success
        case 10: .sync
        case 11: .skipped
        case 5, 6, 7: .failure
        default: .unsupported
        }
    }

    /// What was done, in the server's words, such as `COMMIT`.
    var commandTag: String { unsafe String(cString: cpostgresql_command_tag(handle)) }

    /// A field of an error, by its letter (PostgreSQL, "Error and Notice Message Fields").
    func errorField(_ letter: Unicode.Scalar) -> String? {
        unsafe cpostgresql_error_field(handle, CInt(letter.value)).map { unsafe String(cString: $0) }
    }

    /// Hands it to somebody else, who has to free it.
    consuming func release() -> OpaquePointer {
        let handle = unsafe handle
        discard self
        return unsafe handle
    }
}
