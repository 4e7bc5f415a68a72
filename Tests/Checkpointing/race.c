/*
 * SQLite's WAL-reset race, made to happen once, with the library that is installed here and unchanged.
 *
 *   cc -o race race.c -lsqlite3
 *   ./race plain DATABASE       a checkpoint as any connection makes it: prints what was lost
 *   ./race disciplined DATABASE the same under the write lock, as Panal's Checkpointer does it
 *
 * The race: a connection that checkpoints reads the header of the log's index; before it looks at how much of the log has
 * been copied already, a commit begins the log anew. It then takes the new log for the old one, of which nothing has been
 * copied, and notes at its end that as many pages have been copied as the old one had. What later commits write into those
 * places of the log is never copied, and is gone when the log is begun anew once more.
 *
 * Between the two looks SQLite calls xUnfetch of the file when the header has changed. Here that call lets another connection
 * commit, so that no luck is needed. Exit code 0: nothing was lost; 1: committed rows were lost; 2: something else failed.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PAGES = 60, MOST_ROWS = 4 * PAGES };

static sqlite3_vfs *system_vfs;
static sqlite3_io_methods methods;
static int (*system_unfetch)(sqlite3_file *, sqlite3_int64, void *);
static sqlite3_file *watched_file;
static void (*in_the_gap)(void);

static sqlite3 *writer;
static int acknowledged[MOST_ROWS], rows, refused;

static void must(int code, sqlite3 *connection, const char *what) {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(connection));
    exit(2);
}

static int run(sqlite3 *connection, const char *sql) { return sqlite3_exec(connection, sql, NULL, NULL, NULL); }

/* One row of nearly a page, in a transaction of its own. */
static void add_row(void) {
    char sql[200];
    int row = rows++;
    snprintf(sql, sizeof sql, "INSERT INTO entry VALUES (%d, printf('%%.3500c', 'x'))", row);
    int code = run(writer, sql);
    acknowledged[row] = code == SQLITE_OK;
    if (code == SQLITE_BUSY) refused++;
    else must(code, writer, sql);
}

static int unfetch(sqlite3_file *file, sqlite3_int64 offset, void *page) {
    if (file == watched_file && in_the_gap) {
        void (*commit)(void) = in_the_gap;
        in_the_gap = NULL;
        commit();
    }
    return system_unfetch(file, offset, page);
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    (void)vfs;
    int code = system_vfs->xOpen(system_vfs, name, file, flags, out_flags);
    if (code == SQLITE_OK && flags & SQLITE_OPEN_MAIN_DB) {
        methods = *file->pMethods;
        system_unfetch = methods.xUnfetch;
        methods.xUnfetch = unfetch;
        file->pMethods = &methods;
    }
    return code;
}

static sqlite3 *connect_to(const char *path, const char *vfs) {
    sqlite3 *connection;
    must(sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs), connection, "open");
    must(run(connection, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0"), connection, "WAL");
    return connection;
}

static void checkpoint(sqlite3 *copier, sqlite3 *lock, const char *when) {
    int pages = 0, copied = 0;
    if (lock) must(run(lock, "BEGIN IMMEDIATE"), lock, "BEGIN IMMEDIATE");
    must(sqlite3_wal_checkpoint_v2(copier, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied), copier, "checkpoint");
    if (lock) must(run(lock, "ROLLBACK"), lock, "ROLLBACK");
    printf("%s checkpoint: %d pages in the log, %d noted as copied\n", when, pages, copied);
}

int main(int count, char **arguments) {
    if (count != 3) return fprintf(stderr, "usage: race plain|disciplined DATABASE (which must not exist)\n"), 2;
    int disciplined = strcmp(arguments[1], "disciplined") == 0;
    const char *path = arguments[2];
    if (access(path, F_OK) == 0) return fprintf(stderr, "%s exists\n", path), 2;

    system_vfs = sqlite3_vfs_find(NULL);
    static sqlite3_vfs vfs;
    vfs = *system_vfs;
    vfs.zName = "race";
    vfs.xOpen = open_file;
    sqlite3_vfs_register(&vfs, 0);
    printf("SQLite %s, %s\n", sqlite3_libversion(), disciplined ? "under the write lock" : "as any connection checkpoints");

    writer = connect_to(path, NULL);
    must(run(writer, "CREATE TABLE entry (id INTEGER PRIMARY KEY, text TEXT)"), writer, "CREATE TABLE");
    sqlite3 *copier = connect_to(path, "race");
    must(sqlite3_file_control(copier, "main", SQLITE_FCNTL_FILE_POINTER, &watched_file), copier, "file");
    sqlite3 *lock = disciplined ? connect_to(path, NULL) : NULL;
    sqlite3 *first = connect_to(path, NULL);

    while (rows < PAGES) add_row();
    checkpoint(first, lock, "first");
    /* The second, right behind it: in the gap a commit begins the log anew. */
    in_the_gap = add_row;
    checkpoint(copier, lock, "second");
    /* These go into the places that the second has noted as copied. */
    for (int i = 0; i < PAGES / 4; i++) add_row();
    /* And these behind them, so that the third has something to do and the log can then be begun anew. */
    while (rows < 3 * PAGES) add_row();
    checkpoint(first, lock, "third");
    add_row();

    sqlite3 *reader = connect_to(path, NULL);
    sqlite3_stmt *statement;
    int lost = 0, asked = 0;
    for (int row = 0; row < rows; row++) {
        if (!acknowledged[row]) continue;
        asked++;
        must(sqlite3_prepare_v2(reader, "SELECT 1 FROM entry WHERE id = ?", -1, &statement, NULL), reader, "prepare");
        sqlite3_bind_int(statement, 1, row);
        if (sqlite3_step(statement) != SQLITE_ROW) lost++;
        sqlite3_finalize(statement);
    }
    must(sqlite3_prepare_v2(reader, "PRAGMA integrity_check", -1, &statement, NULL), reader, "integrity_check");
    int code = sqlite3_step(statement);
    const char *verdict = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : sqlite3_errmsg(reader);
    int is_sound = strcmp(verdict, "ok") == 0;
    printf("%d rows acknowledged, %d refused as busy, %d of the acknowledged are lost; integrity_check: %s\n", asked, refused,
           lost, is_sound ? "ok" : "damaged");
    return lost || !is_sound;
}
