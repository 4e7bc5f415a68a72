#define _GNU_SOURCE
#include "CPostgreSQL.h"

#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// libpq-fe.h as far as it is used here; its ABI is stable within libpq.so.5.
typedef void (*notice_receiver)(void *argument, const PGresult *result);

// PQconninfoOption.
struct option {
    char *keyword, *variable, *compiled, *value, *label, *display;
    int size;
};

static struct {
    struct option *(*conninfoParse)(const char *, char **);
    void (*conninfoFree)(struct option *);
    void (*freemem)(void *);
    PGconn *(*connectStartParams)(const char *const *, const char *const *, int);
    int (*connectPoll)(PGconn *);
    void (*finish)(PGconn *);
    int (*status)(const PGconn *);
    int (*socket)(const PGconn *);
    char *(*errorMessage)(const PGconn *);
    int (*transactionStatus)(const PGconn *);
    int (*backendPID)(const PGconn *);
    int (*setnonblocking)(PGconn *, int);
    notice_receiver (*setNoticeReceiver)(PGconn *, notice_receiver, void *);
    int (*enterPipelineMode)(PGconn *);
    int (*exitPipelineMode)(PGconn *);
    int (*pipelineSync)(PGconn *);
    int (*sendQuery)(PGconn *, const char *);
    int (*sendQueryParams)(
        PGconn *, const char *, int, const unsigned *, const char *const *, const int *, const int *, int);
    int (*sendPrepare)(PGconn *, const char *, const char *, int, const unsigned *);
    int (*sendQueryPrepared)(PGconn *, const char *, int, const char *const *, const int *, const int *, int);
    int (*flush)(PGconn *);
    int (*consumeInput)(PGconn *);
    int (*isBusy)(PGconn *);
    PGresult *(*getResult)(PGconn *);
    int (*resultStatus)(const PGresult *);
    char *(*resultErrorField)(const PGresult *, int);
    char *(*cmdStatus)(PGresult *);
    char *(*cmdTuples)(PGresult *);
    int (*ntuples)(const PGresult *);
    int (*nfields)(const PGresult *);
    char *(*fname)(const PGresult *, int);
    unsigned (*ftype)(const PGresult *, int);
    int (*getisnull)(const PGresult *, int, int);
    char *(*getvalue)(const PGresult *, int, int);
    int (*getlength)(const PGresult *, int, int);
    void (*clear)(PGresult *);
    PGcancel *(*getCancel)(PGconn *);
    void (*freeCancel)(PGcancel *);
    int (*cancel)(PGcancel *, char *, int);
    void *(*notifies)(PGconn *);
} pq;

static const char *fault;

static void load(void) {
    static const struct {
        void *place;
        const char *name;
    } functions[] = {
        {&pq.conninfoParse, "PQconninfoParse"},
        {&pq.conninfoFree, "PQconninfoFree"},
        {&pq.freemem, "PQfreemem"},
        {&pq.connectStartParams, "PQconnectStartParams"},
        {&pq.connectPoll, "PQconnectPoll"},
        {&pq.finish, "PQfinish"},
        {&pq.status, "PQstatus"},
        {&pq.socket, "PQsocket"},
        {&pq.errorMessage, "PQerrorMessage"},
        {&pq.transactionStatus, "PQtransactionStatus"},
        {&pq.backendPID, "PQbackendPID"},
        {&pq.setnonblocking, "PQsetnonblocking"},
        {&pq.setNoticeReceiver, "PQsetNoticeReceiver"},
        {&pq.enterPipelineMode, "PQenterPipelineMode"},
        {&pq.exitPipelineMode, "PQexitPipelineMode"},
        {&pq.pipelineSync, "PQpipelineSync"},
        {&pq.sendQuery, "PQsendQuery"},
        {&pq.sendQueryParams, "PQsendQueryParams"},
        {&pq.sendPrepare, "PQsendPrepare"},
        {&pq.sendQueryPrepared, "PQsendQueryPrepared"},
        {&pq.flush, "PQflush"},
        {&pq.consumeInput, "PQconsumeInput"},
        {&pq.isBusy, "PQisBusy"},
        {&pq.getResult, "PQgetResult"},
        {&pq.resultStatus, "PQresultStatus"},
        {&pq.resultErrorField, "PQresultErrorField"},
        {&pq.cmdStatus, "PQcmdStatus"},
        {&pq.cmdTuples, "PQcmdTuples"},
        {&pq.ntuples, "PQntuples"},
        {&pq.nfields, "PQnfields"},
        {&pq.fname, "PQfname"},
        {&pq.ftype, "PQftype"},
        {&pq.getisnull, "PQgetisnull"},
        {&pq.getvalue, "PQgetvalue"},
        {&pq.getlength, "PQgetlength"},
        {&pq.clear, "PQclear"},
        {&pq.getCancel, "PQgetCancel"},
        {&pq.freeCancel, "PQfreeCancel"},
        {&pq.cancel, "PQcancel"},
        {&pq.notifies, "PQnotifies"},
    };
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *words = dlerror();
        fault = words ? words : "libpq.so.5 cannot be loaded";
        return;
    }
    for (unsigned index = 0; index < sizeof functions / sizeof *functions; index++) {
        void *function = dlsym(library, functions[index].name);
        if (function == NULL) {
            fault = "libpq.so.5 is older than release 14, which brought pipelines";
            return;
        }
        *(void **)functions[index].place = function;
    }
}

const char *cpostgresql_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return fault;
}

char *cpostgresql_url_value(const char *url, const char *keyword) {
    char *words = NULL;
    struct option *options = pq.conninfoParse(url, &words);
    if (words != NULL) pq.freemem(words);
    if (options == NULL) return NULL;
    char *value = NULL;
    for (struct option *option = options; option->keyword != NULL; option++) {
        if (strcmp(option->keyword, keyword) == 0 && option->value != NULL) value = strdup(option->value);
    }
    pq.conninfoFree(options);
    return value;
}

// libpq would print it on standard error, such as a server's farewell to who is just connecting.
static void ignore_notice(void *nothing, const PGresult *notice) {
    (void)nothing;
    (void)notice;
}

PGconn *cpostgresql_connect_start(const char *const *keywords, const char *const *values) {
    PGconn *connection = pq.connectStartParams(keywords, values, 1);
    if (connection != NULL) pq.setNoticeReceiver(connection, ignore_notice, NULL);
    return connection;
}

int cpostgresql_connect_poll(PGconn *connection) { return pq.connectPoll(connection); }
void cpostgresql_finish(PGconn *connection) { pq.finish(connection); }
// CONNECTION_BAD.
bool cpostgresql_is_bad(PGconn *connection) { return pq.status(connection) == 1; }
int cpostgresql_socket(PGconn *connection) { return pq.socket(connection); }
const char *cpostgresql_connection_error(PGconn *connection) { return pq.errorMessage(connection); }
int cpostgresql_transaction_status(PGconn *connection) { return pq.transactionStatus(connection); }
int cpostgresql_backend_pid(PGconn *connection) { return pq.backendPID(connection); }

static void count_warning(void *warnings, const PGresult *notice) {
    // PG_DIAG_SEVERITY_NONLOCALIZED.
    const char *severity = pq.resultErrorField(notice, 'V');
    if (severity && severity[0] == 'W') ++*(int *)warnings;
}

bool cpostgresql_prepare_connection(PGconn *connection, int *warnings) {
    pq.setNoticeReceiver(connection, count_warning, warnings);
    return pq.setnonblocking(connection, 1) == 0 && pq.enterPipelineMode(connection) == 1;
}

int cpostgresql_enter_pipeline(PGconn *connection) { return pq.enterPipelineMode(connection); }
int cpostgresql_exit_pipeline(PGconn *connection) { return pq.exitPipelineMode(connection); }
int cpostgresql_send_script(PGconn *connection, const char *sql) { return pq.sendQuery(connection, sql); }

int cpostgresql_send_command(PGconn *connection, const char *sql) {
    return pq.sendQueryParams(connection, sql, 0, NULL, NULL, NULL, NULL, 0);
}

int cpostgresql_send_prepare(PGconn *connection, const char *name, const char *sql) {
    return pq.sendPrepare(connection, name, sql, 0, NULL);
}

int cpostgresql_send_prepared(PGconn *connection, const char *name, int count, const char *const *values) {
    return pq.sendQueryPrepared(connection, name, count, values, NULL, NULL, 0);
}

int cpostgresql_send_unprepared(PGconn *connection, const char *sql, int count, const char *const *values) {
    return pq.sendQueryParams(connection, sql, count, NULL, values, NULL, NULL, 0);
}

int cpostgresql_pipeline_sync(PGconn *connection) { return pq.pipelineSync(connection); }
int cpostgresql_flush(PGconn *connection) { return pq.flush(connection); }
int cpostgresql_consume_input(PGconn *connection) { return pq.consumeInput(connection); }
bool cpostgresql_is_busy(PGconn *connection) { return pq.isBusy(connection) != 0; }
PGresult *cpostgresql_get_result(PGconn *connection) { return pq.getResult(connection); }

bool cpostgresql_take_notification(PGconn *connection) {
    void *notification = pq.notifies(connection);
    if (notification == NULL) return false;
    pq.freemem(notification);
    return true;
}

int cpostgresql_result_status(PGresult *result) { return pq.resultStatus(result); }
const char *cpostgresql_error_field(PGresult *result, int field) { return pq.resultErrorField(result, field); }
const char *cpostgresql_command_tag(PGresult *result) { return pq.cmdStatus(result); }
const char *cpostgresql_changes(PGresult *result) { return pq.cmdTuples(result); }
int cpostgresql_rows(PGresult *result) { return pq.ntuples(result); }
int cpostgresql_columns(PGresult *result) { return pq.nfields(result); }
const char *cpostgresql_column_name(PGresult *result, int column) { return pq.fname(result, column); }
uint32_t cpostgresql_column_type(PGresult *result, int column) { return pq.ftype(result, column); }
bool cpostgresql_is_null(PGresult *result, int row, int column) { return pq.getisnull(result, row, column) != 0; }
const char *cpostgresql_value(PGresult *result, int row, int column) { return pq.getvalue(result, row, column); }
int cpostgresql_length(PGresult *result, int row, int column) { return pq.getlength(result, row, column); }
void cpostgresql_clear(PGresult *result) { pq.clear(result); }

static void *run_cancel(void *cancel) {
    char words[256];
    pq.cancel(cancel, words, sizeof words);
    pq.freeCancel(cancel);
    return NULL;
}

bool cpostgresql_start_cancel(PGconn *connection, pthread_t *thread) {
    PGcancel *cancel = pq.getCancel(connection);
    if (cancel == NULL) return false;
    // The thread takes none of the process's signals: those are for whoever waits for them.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool is_started = pthread_create(thread, NULL, run_cancel, cancel) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!is_started) pq.freeCancel(cancel);
    return is_started;
}

bool cpostgresql_end_cancel(pthread_t thread) { return pthread_tryjoin_np(thread, NULL) == 0; }
void cpostgresql_forget_cancel(pthread_t thread) { pthread_detach(thread); }

int cpostgresql_wait(int descriptor, bool reading, bool writing, int64_t nanoseconds) {
    struct pollfd entry = {.fd = descriptor, .events = (short)((reading ? POLLIN : 0) | (writing ? POLLOUT : 0))};
    struct timespec timeout = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    return ppoll(&entry, 1, nanoseconds < 0 ? NULL : &timeout, NULL) > 0;
}
