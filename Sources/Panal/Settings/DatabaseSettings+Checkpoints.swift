import Logging
import Prefork
import SQL
import Telemetry

extension DatabaseSettings {
    /// Keeps the log of an SQLite database short; `nil` where something else does, and for databases that have no such log.
    func checkpointer(_ logger: Logger) -> Checkpointer? {
        guard checkpoints == .auto, case .sqlite(let location) = url.location else { return nil }
        return Checkpointer(location) { outcome in
            switch outcome {
            case .success(let checkpoint):
                logger.debug(
                    "checkpoint",
                    metadata: [
                        "pages": .number(checkpoint.pages), "copied": .number(checkpoint.copied),
                        "pauseMs": .milliseconds(checkpoint.pause),
                    ]
                )
            case .failure(let error):
                logger.warning(
                    "checkpoint failed, it is tried again when the log has grown",
                    metadata: ["reason": .string(error.description)]
                )
            }
        }
    }

    /// Says which SQLite library this is, and what the service does about its fault; `nil` for other databases.
    var libraryNote: String? {
        guard case .sqlite = url.location else { return nil }
        guard SQLiteLibrary.hasLogResetBug else { return "SQLite library \(SQLiteLibrary.version)" }
        let remedy =
            switch checkpoints {
            case .auto: "the service checkpoints under the write lock, where it does no harm"
            case .external: "what checkpoints in the service's place has to do so under the write lock"
            }
        return "SQLite library \(SQLiteLibrary.version), which has the WAL-reset bug (corrected in 3.51.3): \(remedy)"
    }

    /// What the log says at the start of `serve` about a library that can lose writes; `nil` for any other.
    var libraryNotice: Notice? {
        guard SQLiteLibrary.hasLogResetBug, let libraryNote else { return nil }
        let fields = [
            Notice.Field("sqlite", .text(SQLiteLibrary.version)), Notice.Field("details", .text(libraryNote)),
        ]
        return Notice(.warning, "SQLite library with the WAL-reset bug", fields)
    }
}
