#define _GNU_SOURCE
#include "CCurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

// curl.h and multi.h as far as they are used here; the ABI is stable within libcurl.so.4.
struct message {
    int kind;
    CCurlEasy *easy;
    union {
        void *pointer;
        int result;
    } data;
};

// curl_sockaddr.
struct address {
    int family, type, protocol;
    unsigned length;
    struct sockaddr address;
};

// curl_version_info_data, its beginning.
struct version {
    int age;
    const char *text;
    unsigned number;
};

static struct {
    int (*globalInit)(long);
    struct version *(*versionInfo)(int);
    CCurlEasy *(*init)(void);
    void (*cleanup)(CCurlEasy *);
    int (*setopt)(CCurlEasy *, int, ...);
    int (*getinfo)(CCurlEasy *, int, ...);
    int (*pause)(CCurlEasy *, int);
    CCurlList *(*append)(CCurlList *, const char *);
    void (*freeAll)(CCurlList *);
    CCurlMulti *(*multiInit)(void);
    int (*multiCleanup)(CCurlMulti *);
    int (*multiSetopt)(CCurlMulti *, int, ...);
    int (*add)(CCurlMulti *, CCurlEasy *);
    int (*remove)(CCurlMulti *, CCurlEasy *);
    int (*perform)(CCurlMulti *, int *);
    int (*poll)(CCurlMulti *, void *, unsigned, int, int *);
    struct message *(*infoRead)(CCurlMulti *, int *);
} curl;

static const char *fault;
static unsigned version;

static void load(void) {
    static const struct {
        void *place;
        const char *name;
    } functions[] = {
        {&curl.globalInit, "curl_global_init"},
        {&curl.versionInfo, "curl_version_info"},
        {&curl.init, "curl_easy_init"},
        {&curl.cleanup, "curl_easy_cleanup"},
        {&curl.setopt, "curl_easy_setopt"},
        {&curl.getinfo, "curl_easy_getinfo"},
        {&curl.pause, "curl_easy_pause"},
        {&curl.append, "curl_slist_append"},
        {&curl.freeAll, "curl_slist_free_all"},
        {&curl.multiInit, "curl_multi_init"},
        {&curl.multiCleanup, "curl_multi_cleanup"},
        {&curl.multiSetopt, "curl_multi_setopt"},
        {&curl.add, "curl_multi_add_handle"},
        {&curl.remove, "curl_multi_remove_handle"},
        {&curl.perform, "curl_multi_perform"},
        {&curl.poll, "curl_multi_poll"},
        {&curl.infoRead, "curl_multi_info_read"},
    };
    static const char *const old = "libcurl is older than release 7.80, which tells before it sends a request again";
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) library = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *words = dlerror();
        fault = words ? words : "libcurl.so.4 cannot be loaded";
        return;
    }
    for (unsigned index = 0; index < sizeof functions / sizeof *functions; index++) {
        void *function = dlsym(library, functions[index].name);
        if (function == NULL) {
            fault = old;
            return;
        }
        *(void **)functions[index].place = function;
    }
    struct version *info = curl.versionInfo(0);
    if (info == NULL || info->number < 0x075000) {
        fault = old;
        return;
    }
    version = info->number;
    // CURL_GLOBAL_ALL.
    if (curl.globalInit(3) != 0) {
        fault = "libcurl cannot be initialised";
        return;
    }
    struct sigaction action;
    if (sigaction(SIGPIPE, NULL, &action) == 0 && !(action.sa_flags & SA_SIGINFO) && action.sa_handler == SIG_DFL) {
        signal(SIGPIPE, SIG_IGN);
    }
}


unsigned ccurl_version(void) { return version; }

static ccurl_callbacks calls;

static atomic_bool tried;

bool ccurl_tried(void) { return atomic_load(&tried); }

// curl_global_init(3) may not be called by two threads at once.
const char *ccurl_load(ccurl_callbacks callbacks) {
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_mutex_lock(&mutex);
    if (!atomic_load(&tried)) {
        calls = callbacks;
        load();
        atomic_store(&tried, true);
    }
    pthread_mutex_unlock(&mutex);
    return fault;
}

static int will_send(void *context, char *remote, char *local, int remote_port, int local_port) {
    (void)remote, (void)local, (void)remote_port, (void)local_port;
    // CURL_PREREQFUNC_ABORT is 1.
    return calls.will_send(context) ? 0 : 1;
}

static int open_socket(void *context, int purpose, struct address *address) {
    (void)purpose;
    // CURL_SOCKET_BAD is -1, as is what socket(2) answers when it fails.
    if (!calls.may_connect(&address->address, address->length, context)) return -1;
    return socket(address->family, address->type | SOCK_CLOEXEC, address->protocol);
}

// CURLOPT_…, of those that are the same for all calls.
enum {
    WRITEDATA = 10001,
    READDATA = 10009,
    ERRORBUFFER = 10010,
    HEADERDATA = 10029,
    PRIVATE = 10103,
    OPENSOCKETDATA = 10164,
    PREREQDATA = 10313,
    WRITEFUNCTION = 20011,
    READFUNCTION = 20012,
    HEADERFUNCTION = 20079,
    OPENSOCKETFUNCTION = 20163,
    PREREQFUNCTION = 20312,
    FOLLOWLOCATION = 52,
    SSL_VERIFYPEER = 64,
    SSL_VERIFYHOST = 81,
    HTTP_VERSION = 84,
    NOSIGNAL = 99,
    PROTOCOLS = 181,
    TCP_KEEPALIVE = 213,
    TCP_KEEPIDLE = 214,
    TCP_KEEPINTVL = 215,
    SUPPRESS_CONNECT_HEADERS = 265,
    HTTP09_ALLOWED = 285,
    QUICK_EXIT = 322,
};

CCurlEasy *ccurl_easy_init(void) {
    CCurlEasy *easy = curl.init();
    if (easy == NULL) return NULL;
    bool good =
        curl.setopt(easy, HEADERFUNCTION, calls.head) == 0 && curl.setopt(easy, WRITEFUNCTION, calls.body) == 0
        && curl.setopt(easy, READFUNCTION, calls.upload) == 0 && curl.setopt(easy, PREREQFUNCTION, will_send) == 0
        && curl.setopt(easy, OPENSOCKETFUNCTION, open_socket) == 0 && curl.setopt(easy, NOSIGNAL, 1L) == 0
        // HTTP and HTTPS alone. The mask is older than the option in words, and stays.
        && curl.setopt(easy, PROTOCOLS, 3L) == 0 && curl.setopt(easy, FOLLOWLOCATION, 0L) == 0
        && curl.setopt(easy, SSL_VERIFYPEER, 1L) == 0 && curl.setopt(easy, SSL_VERIFYHOST, 2L) == 0
        && curl.setopt(easy, SUPPRESS_CONNECT_HEADERS, 1L) == 0 && curl.setopt(easy, HTTP09_ALLOWED, 0L) == 0
        && curl.setopt(easy, TCP_KEEPALIVE, 1L) == 0 && curl.setopt(easy, TCP_KEEPIDLE, 30L) == 0
        && curl.setopt(easy, TCP_KEEPINTVL, 10L) == 0;
    if (!good) {
        curl.cleanup(easy);
        return NULL;
    }
    // CURL_HTTP_VERSION_2TLS: by ALPN. A libcurl without HTTP/2 refuses it and speaks HTTP/1.1.
    curl.setopt(easy, HTTP_VERSION, 4L);
    // Since 7.87: a resolver that hangs does not hold up who gave up waiting for it.
    curl.setopt(easy, QUICK_EXIT, 1L);
    return easy;
}

bool ccurl_easy_own(CCurlEasy *easy, void *context, char *error) {
    return curl.setopt(easy, PRIVATE, context) == 0 && curl.setopt(easy, HEADERDATA, context) == 0
        && curl.setopt(easy, WRITEDATA, context) == 0 && curl.setopt(easy, READDATA, context) == 0
        && curl.setopt(easy, PREREQDATA, context) == 0 && curl.setopt(easy, OPENSOCKETDATA, context) == 0
        && curl.setopt(easy, ERRORBUFFER, error) == 0;
}

void ccurl_easy_cleanup(CCurlEasy *easy) { curl.cleanup(easy); }
bool ccurl_set_long(CCurlEasy *easy, ccurl_option option, long value) { return curl.setopt(easy, option, value) == 0; }

bool ccurl_set_offset(CCurlEasy *easy, ccurl_option option, int64_t value) {
    return curl.setopt(easy, option, value) == 0;
}

bool ccurl_set_string(CCurlEasy *easy, ccurl_option option, const char *value) {
    return curl.setopt(easy, option, value) == 0;
}

bool ccurl_set_list(CCurlEasy *easy, ccurl_option option, const CCurlList *list) {
    return curl.setopt(easy, option, list) == 0;
}

bool ccurl_set_bytes(CCurlEasy *easy, ccurl_option option, const void *bytes) {
    return curl.setopt(easy, option, bytes) == 0;
}

void ccurl_continue(CCurlEasy *easy) { curl.pause(easy, 0); }

const char *ccurl_redirect_url(CCurlEasy *easy) {
    char *url = NULL;
    // CURLINFO_REDIRECT_URL.
    return curl.getinfo(easy, 0x100000 + 31, &url) == 0 ? url : NULL;
}

int ccurl_os_error(CCurlEasy *easy) {
    long code = 0;
    // CURLINFO_OS_ERRNO.
    return curl.getinfo(easy, 0x200000 + 25, &code) == 0 ? (int)code : 0;
}

CCurlList *ccurl_list_append(CCurlList *list, const char *text) { return curl.append(list, text); }
void ccurl_list_free(CCurlList *list) { curl.freeAll(list); }

CCurlMulti *ccurl_multi_init(long idle) {
    CCurlMulti *multi = curl.multiInit();
    // CURLMOPT_MAXCONNECTS.
    if (multi != NULL) curl.multiSetopt(multi, 6, idle);
    return multi;
}

void ccurl_multi_cleanup(CCurlMulti *multi) { curl.multiCleanup(multi); }
bool ccurl_multi_add(CCurlMulti *multi, CCurlEasy *easy) { return curl.add(multi, easy) == 0; }
void ccurl_multi_remove(CCurlMulti *multi, CCurlEasy *easy) { curl.remove(multi, easy); }

bool ccurl_multi_perform(CCurlMulti *multi) {
    int running;
    return curl.perform(multi, &running) == 0;
}

bool ccurl_multi_poll(CCurlMulti *multi, int milliseconds) {
    int ready;
    return curl.poll(multi, NULL, 0, milliseconds, &ready) == 0;
}

void *ccurl_multi_next_ended(CCurlMulti *multi, int *result) {
    int left;
    struct message *message;
    while ((message = curl.infoRead(multi, &left)) != NULL) {
        // CURLMSG_DONE.
        if (message->kind != 1) continue;
        void *context = NULL;
        *result = message->data.result;
        // CURLINFO_PRIVATE.
        if (curl.getinfo(message->easy, 0x100000 + 21, &context) == 0 && context != NULL) return context;
    }
    return NULL;
}
