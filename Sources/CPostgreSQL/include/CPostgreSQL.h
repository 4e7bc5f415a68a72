// libpq, as far as the library SQL needs it, loaded when a database URL first asks for it: a service on SQLite neither
// links it nor needs its headers. The functions have libpq's names behind `cpostgresql_` and do what its manual says
// (PostgreSQL, "libpq — C Library"); none but cpostgresql_load may be called before that one has succeeded.
#ifndef CPOSTGRESQL_H
#define CPOSTGRESQL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;
typedef struct pg_cancel PGcancel;

// Loads libpq.so.5 once for the process. NULL when it is there, else why it is not.
const char *_Nullable cpostgresql_load(void);

// What a URL says of a parameter such as "host", for free(3); NULL when it says nothing, or is none.
char *_Nullable cpostgresql_url_value(const char *_Nonnull url, const char *_Nonnull keyword);

// Connecting. `parameters` are pairs of a keyword and a value, ended by NULL; a `dbname` may be a whole URL.
PGconn *_Nullable cpostgresql_connect_start(
    const char *_Nullable const *_Nonnull keywords, const char *_Nullable const *_Nonnull values);
// 0 failed, 1 wait to read, 2 wait to write, 3 connected.
int cpostgresql_connect_poll(PGconn *_Nonnull connection);
void cpostgresql_finish(PGconn *_Nonnull connection);
bool cpostgresql_is_bad(PGconn *_Nonnull connection);
int cpostgresql_socket(PGconn *_Nonnull connection);
const char *_Nonnull cpostgresql_connection_error(PGconn *_Nonnull connection);
// 0 idle, 1 active, 2 in a transaction, 3 in one that failed, 4 unknown.
int cpostgresql_transaction_status(PGconn *_Nonnull connection);
// The process that is to be told in order to cancel: the server's, or a name that a pooler gave.
int cpostgresql_backend_pid(PGconn *_Nonnull connection);

// Non-blocking, in pipeline mode, and notices are counted in `warnings` instead of printed.
bool cpostgresql_prepare_connection(PGconn *_Nonnull connection, int *_Nonnull warnings);

// Sending. Each is 1 when it was put into the buffer.
int cpostgresql_enter_pipeline(PGconn *_Nonnull connection);
int cpostgresql_exit_pipeline(PGconn *_Nonnull connection);
int cpostgresql_send_script(PGconn *_Nonnull connection, const char *_Nonnull sql);
int cpostgresql_send_command(PGconn *_Nonnull connection, const char *_Nonnull sql);
int cpostgresql_send_prepare(PGconn *_Nonnull connection, const char *_Nonnull name, const char *_Nonnull sql);
int cpostgresql_send_prepared(
    PGconn *_Nonnull connection, const char *_Nonnull name, int count,
    const char *_Nullable const *_Nullable values);
int cpostgresql_send_unprepared(
    PGconn *_Nonnull connection, const char *_Nonnull sql, int count,
    const char *_Nullable const *_Nullable values);
int cpostgresql_pipeline_sync(PGconn *_Nonnull connection);
// 0 all is sent, 1 some is left, -1 failed.
int cpostgresql_flush(PGconn *_Nonnull connection);

// Receiving.
int cpostgresql_consume_input(PGconn *_Nonnull connection);
bool cpostgresql_is_busy(PGconn *_Nonnull connection);
PGresult *_Nullable cpostgresql_get_result(PGconn *_Nonnull connection);
// Takes one of the notifications that were received, whatever it says. False when there is none (any more).
bool cpostgresql_take_notification(PGconn *_Nonnull connection);

// Results.
int cpostgresql_result_status(PGresult *_Nonnull result);
const char *_Nullable cpostgresql_error_field(PGresult *_Nonnull result, int field);
const char *_Nonnull cpostgresql_command_tag(PGresult *_Nonnull result);
const char *_Nonnull cpostgresql_changes(PGresult *_Nonnull result);
int cpostgresql_rows(PGresult *_Nonnull result);
int cpostgresql_columns(PGresult *_Nonnull result);
const char *_Nullable cpostgresql_column_name(PGresult *_Nonnull result, int column);
uint32_t cpostgresql_column_type(PGresult *_Nonnull result, int column);
bool cpostgresql_is_null(PGresult *_Nonnull result, int row, int column);
const char *_Nonnull cpostgresql_value(PGresult *_Nonnull result, int row, int column);
int cpostgresql_length(PGresult *_Nonnull result, int row, int column);
void cpostgresql_clear(PGresult *_Nonnull result);

// Asks the server to end what the connection runs, without waiting for it: libpq's PQcancel connects anew and has no
// deadline of its own, so a thread is made for it. False when there can be none.
bool cpostgresql_start_cancel(PGconn *_Nonnull connection, pthread_t *_Nonnull thread);
// Whether the thread has done it; then it is gone, and its number is no longer to be used.
bool cpostgresql_end_cancel(pthread_t thread);
// Lets the thread end by itself. Its number is no longer to be used.
void cpostgresql_forget_cancel(pthread_t thread);

// poll(2) for one descriptor, with a timeout in nanoseconds; a negative one waits for ever. 1 when it is ready or has
// failed, 0 when the time is up or a signal came.
int cpostgresql_wait(int descriptor, bool reading, bool writing, int64_t nanoseconds);

#endif
