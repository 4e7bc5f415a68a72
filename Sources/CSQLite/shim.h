// libsqlite3, and the few calls that Swift cannot import: variadics, a cast macro, statfs(2).
#ifndef CSQLITE_SHIM_H
#define CSQLITE_SHIM_H

#include <sqlite3.h>
#include <stddef.h>
#include <sys/vfs.h>

// sqlite3_config(SQLITE_CONFIG_MEMSTATUS): for the whole process, before the first connection.
static inline int csqlite_set_memory_statistics(int enabled) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, enabled);
}

// sqlite3_db_config(SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE): the last connection to close leaves the write-ahead log as it is.
static inline int csqlite_leave_log_on_close(sqlite3 *_Nonnull connection) {
    return sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

// sqlite3_bind_text with SQLITE_TRANSIENT: SQLite takes a copy.
static inline int csqlite_bind_text(sqlite3_stmt *_Nonnull statement, int index, const char *_Nonnull text, int length) {
    return sqlite3_bind_text(statement, index, text, length, SQLITE_TRANSIENT);
}

// sqlite3_bind_blob with SQLITE_TRANSIENT: SQLite takes a copy.
static inline int csqlite_bind_blob(sqlite3_stmt *_Nonnull statement, int index, const void *_Nonnull bytes, int length) {
    return sqlite3_bind_blob(statement, index, bytes, length, SQLITE_TRANSIENT);
}

// statfs(2): the kind of file system that holds the path, -1 and errno on failure.
static inline long csqlite_filesystem_kind(const char *_Nonnull path) {
    struct statfs filesystem;
    return statfs(path, &filesystem) == 0 ? (long)filesystem.f_type : -1;
}

// Puts the journal, with a write-ahead log that, on the disk (fsync(2)), and all that was written to it; a result code.
static inline int csqlite_flush_journal(sqlite3 *_Nonnull database) {
    sqlite3_file *journal = NULL;
    int code = sqlite3_file_control(database, "main", SQLITE_FCNTL_JOURNAL_POINTER, &journal);
    if (code != SQLITE_OK || journal == NULL || journal->pMethods == NULL) return code;
    return journal->pMethods->xSync(journal, SQLITE_SYNC_NORMAL);
}

#endif
