/*
 * Writers and checkpointers on one SQLite database, as processes, with and without Panal's discipline; and how long a
 * checkpoint keeps writers waiting.
 *
 *   cc -O1 -o stress stress.c -lsqlite3
 *   ./stress plain DIRECTORY SECONDS         every connection checkpoints by itself, as SQLite does by default
 *   ./stress disciplined DIRECTORY SECONDS   only under the write lock, on a second connection
 *   ./stress default DIRECTORY SECONDS       as plain, but with all of SQLite's defaults: see below
 *   ./stress measure DIRECTORY               the pause of writers for 1,000 pages, 20 times
 *
 * It goes in rounds of a few seconds, each on a new database: four writers insert rows of random sizes, each a transaction,
 * and note in shared memory what was acknowledged; two checkpointers checkpoint all the time. Then everything is checked:
 * integrity_check, and every acknowledged row. `synchronous` is OFF, since it is about a race and not about the disk: that
 * makes more commits. Thresholds are tiny, so that the log is begun anew thousands of times. `default` has none of this:
 * `synchronous` is FULL, a connection checkpoints after a commit that leaves 1,000 pages, and nobody else does.
 * Exit code 0: nothing was lost; 1: rows were lost or the database was damaged; 2: something else failed.
 */
#define _GNU_SOURCE
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WRITERS = 4, CHECKPOINTERS = 2, ROUND_SECONDS = 5, THRESHOLD = 8, DEFAULT_THRESHOLD = 1000, MEASURED_PAGES = 1000, MEASUREMENTS = 20 };

static struct shared {
    _Atomic int ending;
    _Atomic long acknowledged[WRITERS];
    _Atomic long checkpoints, complete, resets;
} *shared;

enum mode { PLAIN, DISCIPLINED, DEFAULT };

/* What a round, or all of them, came to. */
struct outcome {
    long rounds, faulty, commits, lost, damaged;
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static void fail(sqlite3 *connection, const char *what) {
    fprintf(stderr, "%s: %s\n", what, sqlite3_errmsg(connection));
    _exit(2);
}

static int run(sqlite3 *connection, const char *sql) {
    int code = sqlite3_exec(connection, sql, NULL, NULL, NULL);
    if (code != SQLITE_OK && code != SQLITE_BUSY) fail(connection, sql);
    return code;
}

static sqlite3 *connect_to(const char *path, const char *synchronous, int autocheckpoint) {
    sqlite3 *connection;
    char sql[200];
    if (sqlite3_open(path, &connection) != SQLITE_OK) fail(connection, "open");
    sqlite3_busy_timeout(connection, 10000);
    snprintf(sql, sizeof sql, "PRAGMA journal_mode = WAL; PRAGMA synchronous = %s; PRAGMA wal_autocheckpoint = %d", synchronous,
             autocheckpoint);
    run(connection, sql);
    sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return connection;
}

static void write_rows(const char *path, int writer, enum mode mode) {
    static const int thresholds[] = {THRESHOLD, 0, DEFAULT_THRESHOLD};
    sqlite3 *connection = connect_to(path, mode == DEFAULT ? "FULL" : "OFF", thresholds[mode]);
    unsigned seed = (unsigned)(getpid() ^ time(NULL));
    long row = 0;
    while (!atomic_load(&shared->ending)) {
        char sql[200];
        snprintf(sql, sizeof sql, "INSERT INTO entry VALUES (%d, %ld, zeroblob(%d))", writer, row, rand_r(&seed) % 9000);
        if (run(connection, sql) != SQLITE_OK) continue;
        atomic_store(&shared->acknowledged[writer], ++row);
    }
    sqlite3_close(connection);
    _exit(0);
}

/* As Panal's checkpointer waits for the write lock: SQLite's own pauses of up to 100 ms would let busy writers go first. */
static int look_again_soon(void *context, int attempt) {
    (void)context;
    usleep(50 + (useconds_t)(attempt * 37 % 100));
    return attempt < 50000;
}

static void checkpoint_all_the_time(const char *path, enum mode mode) {
    sqlite3 *copier = connect_to(path, "OFF", 0), *lock = mode == DISCIPLINED ? connect_to(path, "OFF", 0) : NULL;
    if (lock) sqlite3_busy_handler(lock, look_again_soon, NULL);
    unsigned seed = (unsigned)(getpid() ^ time(NULL));
    int before = 0;
    while (!atomic_load(&shared->ending)) {
        int pages = 0, copied = 0;
        if (lock && run(lock, "BEGIN IMMEDIATE") != SQLITE_OK) continue;
        int code = sqlite3_wal_checkpoint_v2(copier, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
        if (lock) run(lock, "ROLLBACK");
        if (code == SQLITE_OK) {
            atomic_fetch_add(&shared->checkpoints, 1);
            if (pages == copied) atomic_fetch_add(&shared->complete, 1);
            if (pages < before) atomic_fetch_add(&shared->resets, 1);
            before = pages;
        } else if (code != SQLITE_BUSY) fail(copier, "checkpoint");
        usleep(rand_r(&seed) % 300);
    }
    _exit(0);
}

static long number(sqlite3 *connection, const char *sql) {
    sqlite3_stmt *statement;
    long value = -1;
    if (sqlite3_prepare_v2(connection, sql, -1, &statement, NULL) != SQLITE_OK) return -1;
    if (sqlite3_step(statement) == SQLITE_ROW) value = (long)sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static int is_sound(sqlite3 *connection) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(connection, "PRAGMA integrity_check", -1, &statement, NULL) != SQLITE_OK) return 0;
    int code = sqlite3_step(statement);
    const char *verdict = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : sqlite3_errmsg(connection);
    int sound = strcmp(verdict, "ok") == 0;
    sqlite3_finalize(statement);
    return sound;
}

static void delete(const char *path) {
    char name[4096];
    const char *suffixes[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        unlink(name);
    }
}

static void round_of(const char *path, enum mode mode, double seconds, struct outcome *outcome) {
    delete(path);
    memset(shared, 0, sizeof shared->ending + sizeof shared->acknowledged);
    sqlite3 *connection = connect_to(path, "OFF", 0);
    run(connection, "CREATE TABLE entry (writer INTEGER, id INTEGER, text BLOB, PRIMARY KEY (writer, id))");
    sqlite3_close(connection);
    for (int i = 0; i < WRITERS; i++)
        if (fork() == 0) write_rows(path, i, mode);
    for (int i = 0; i < CHECKPOINTERS && mode != DEFAULT; i++)
        if (fork() == 0) checkpoint_all_the_time(path, mode);
    usleep((useconds_t)(seconds * 1e6));
    atomic_store(&shared->ending, 1);
    /* A process fails when SQLite tells it that the database is damaged. */
    int status, failed = 0;
    while (wait(&status) > 0) failed |= status != 0;

    connection = connect_to(path, "OFF", 0);
    long missing = 0;
    for (int i = 0; i < WRITERS; i++) {
        char sql[200];
        long acknowledged = atomic_load(&shared->acknowledged[i]);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM entry WHERE writer = %d AND id < %ld", i, acknowledged);
        long found = number(connection, sql);
        missing += acknowledged - (found < 0 ? 0 : found);
        outcome->commits += acknowledged;
    }
    int damaged = failed || !is_sound(connection);
    sqlite3_close(connection);
    outcome->rounds++;
    outcome->lost += missing;
    outcome->damaged += damaged;
    outcome->faulty += damaged || missing != 0;
}

static void measure(const char *path) {
    delete(path);
    sqlite3 *writer = connect_to(path, "FULL", 0), *lock = connect_to(path, "FULL", 0), *copier = connect_to(path, "FULL", 0);
    run(writer, "CREATE TABLE entry (id INTEGER PRIMARY KEY, text BLOB)");
    double pauses[MEASUREMENTS], sum = 0;
    for (int i = 0; i < MEASUREMENTS; i++) {
        int pages = 0, copied = 0;
        run(writer, "BEGIN IMMEDIATE");
        for (int row = 0; row < MEASURED_PAGES * 9 / 10; row++) run(writer, "INSERT INTO entry (text) VALUES (zeroblob(3900))");
        run(writer, "COMMIT");
        number(copier, "PRAGMA schema_version");
        run(lock, "BEGIN IMMEDIATE");
        double start = now();
        sqlite3_wal_checkpoint_v2(copier, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
        run(lock, "ROLLBACK");
        pauses[i] = (now() - start) * 1000 * MEASURED_PAGES / (pages ? pages : 1);
        sum += pauses[i];
    }
    for (int i = 0; i < MEASUREMENTS; i++)
        for (int j = i + 1; j < MEASUREMENTS; j++)
            if (pauses[j] < pauses[i]) { double swap = pauses[i]; pauses[i] = pauses[j]; pauses[j] = swap; }
    printf("writers wait for a checkpoint of %d pages: median %.1f ms, mean %.1f ms, %.1f to %.1f ms\n", MEASURED_PAGES,
           pauses[MEASUREMENTS / 2], sum / MEASUREMENTS, pauses[0], pauses[MEASUREMENTS - 1]);
    delete(path);
}

int main(int count, char **arguments) {
    static const char *const names[] = {"plain", "disciplined", "default"};
    const char *name = count > 1 ? arguments[1] : "";
    int mode = 0, is_measure = strcmp(name, "measure") == 0;
    while (mode < 3 && strcmp(name, names[mode]) != 0) mode++;
    if (count != (is_measure ? 3 : 4) || (!is_measure && mode == 3))
        return fprintf(stderr, "usage: stress plain|disciplined|default DIRECTORY SECONDS, or stress measure DIRECTORY\n"), 2;
    char path[4000];
    snprintf(path, sizeof path, "%s/stress-%d.sqlite", arguments[2], (int)getpid());
    if (is_measure) return measure(path), 0;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct outcome outcome = {0};
    for (double end = now() + atof(arguments[3]), left; (left = end - now()) > 0;)
        round_of(path, (enum mode)mode, left < ROUND_SECONDS ? left : ROUND_SECONDS, &outcome);
    delete(path);
    printf("%s: SQLite %s, %ld rounds, %ld commits, ", name, sqlite3_libversion(), outcome.rounds, outcome.commits);
    if (mode != DEFAULT)
        printf("%ld checkpoints (%ld complete), the log begun anew at least %ld times, ", atomic_load(&shared->checkpoints),
               atomic_load(&shared->complete), atomic_load(&shared->resets));
    printf("%ld rounds with a fault: %ld rows lost, %ld databases damaged\n", outcome.faulty, outcome.lost, outcome.damaged);
    return outcome.faulty != 0;
}
