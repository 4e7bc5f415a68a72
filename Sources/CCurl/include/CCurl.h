// libcurl, as far as the library HTTPClient needs it, loaded when a service first calls out: one that calls nobody neither
// links it nor needs its headers. The functions have libcurl's names behind `ccurl_` and do what its manual says
// (curl.se/libcurl/c); none but ccurl_load and ccurl_tried may be called before that one has succeeded.
#ifndef CCURL_H
#define CCURL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

typedef struct ccurl_easy CCurlEasy;
typedef struct ccurl_multi CCurlMulti;
typedef struct ccurl_list CCurlList;

// Such as 0x075801 for 7.88.1.
unsigned ccurl_version(void);

// The options that are set for each call (curl_easy_setopt(3)).
typedef enum {
    CCURL_URL = 10002,
    CCURL_POSTFIELDS = 10015,
    CCURL_HTTPHEADER = 10023,
    CCURL_CUSTOMREQUEST = 10036,
    CCURL_CAINFO = 10065,
    CCURL_ACCEPT_ENCODING = 10102,
    CCURL_NOBODY = 44,
    CCURL_UPLOAD = 46,
    CCURL_POST = 47,
    CCURL_HTTPGET = 80,
    CCURL_CONNECTTIMEOUT_MS = 156,
    CCURL_MAXAGE_CONN = 288,
    CCURL_MAXLIFETIME_CONN = 314,
    CCURL_INFILESIZE_LARGE = 30115,
    CCURL_POSTFIELDSIZE_LARGE = 30120,
} ccurl_option;

// Results of a transfer (libcurl-errors(3)).
enum {
    CCURLE_OK = 0,
    CCURLE_UNSUPPORTED_PROTOCOL = 1,
    CCURLE_URL_MALFORMAT = 3,
    CCURLE_COULDNT_RESOLVE_PROXY = 5,
    CCURLE_COULDNT_RESOLVE_HOST = 6,
    CCURLE_COULDNT_CONNECT = 7,
    CCURLE_WEIRD_SERVER_REPLY = 8,
    CCURLE_HTTP2 = 16,
    CCURLE_PARTIAL_FILE = 18,
    CCURLE_WRITE_ERROR = 23,
    CCURLE_READ_ERROR = 26,
    CCURLE_OUT_OF_MEMORY = 27,
    CCURLE_OPERATION_TIMEDOUT = 28,
    CCURLE_SSL_CONNECT_ERROR = 35,
    CCURLE_ABORTED_BY_CALLBACK = 42,
    CCURLE_GOT_NOTHING = 52,
    CCURLE_SSL_ENGINE_NOTFOUND = 53,
    CCURLE_SSL_ENGINE_SETFAILED = 54,
    CCURLE_SEND_ERROR = 55,
    CCURLE_RECV_ERROR = 56,
    CCURLE_SSL_CERTPROBLEM = 58,
    CCURLE_SSL_CIPHER = 59,
    CCURLE_PEER_FAILED_VERIFICATION = 60,
    CCURLE_BAD_CONTENT_ENCODING = 61,
    CCURLE_SEND_FAIL_REWIND = 65,
    CCURLE_SSL_CACERT_BADFILE = 77,
    CCURLE_SSL_CRL_BADFILE = 82,
    CCURLE_SSL_ISSUER_ERROR = 83,
    CCURLE_SSL_INVALIDCERTSTATUS = 91,
    CCURLE_HTTP2_STREAM = 92,
    CCURLE_PROXY = 97,
    CCURLE_SSL_CLIENTCERT = 98,
    CCURLE_TOO_LARGE = 100,
};

// What a function of ccurl_callbacks answers instead of a count of bytes: not now (CURL_WRITEFUNC_PAUSE, CURL_READFUNC_PAUSE),
// and never (CURL_READFUNC_ABORT). A count of 0 that is not the whole refuses what was received.
enum { CCURL_PAUSE = 0x10000001, CCURL_ABORT = 0x10000000 };

// What a transfer asks its owner, whom `context` stands for. None may call a function of this header.
typedef struct {
    // A line of the head, with its line break (CURLOPT_HEADERFUNCTION).
    size_t (*_Nonnull head)(const char *_Nonnull bytes, size_t one, size_t count, void *_Nonnull context);
    // A piece of the body, decoded (CURLOPT_WRITEFUNCTION).
    size_t (*_Nonnull body)(const char *_Nonnull bytes, size_t one, size_t count, void *_Nonnull context);
    // Room for a piece of a body to be sent (CURLOPT_READFUNCTION).
    size_t (*_Nonnull upload)(char *_Nonnull bytes, size_t one, size_t count, void *_Nonnull context);
    // A connection is there, and the request is about to be sent on it; false to end the transfer (CURLOPT_PREREQFUNCTION).
    bool (*_Nonnull will_send)(void *_Nonnull context);
    // Whether a connection to this address may be made (CURLOPT_OPENSOCKETFUNCTION).
    bool (*_Nonnull may_connect)(const struct sockaddr *_Nonnull address, socklen_t length, void *_Nonnull context);
} ccurl_callbacks;

// Loads libcurl once for the process. NULL when it is there, else why it is not. The callbacks of the first call are those of
// all handles. SIGPIPE is ignored from then on where nobody said what to do with it: TLS may write to a connection that the
// other side has closed.
const char *_Nullable ccurl_load(ccurl_callbacks callbacks);

// Whether that was done: it reads files the first time, and waits for nothing afterwards.
bool ccurl_tried(void);

// A handle that verifies certificates, speaks only http and https, follows no redirect and raises no signal, with
// everything else that does not change from call to call.
CCurlEasy *_Nullable ccurl_easy_init(void);
// Whom the callbacks are told, and where words about a failure go, of 256 bytes. Both live as long as the handle.
bool ccurl_easy_own(CCurlEasy *_Nonnull easy, void *_Nonnull context, char *_Nonnull error);
void ccurl_easy_cleanup(CCurlEasy *_Nonnull easy);
bool ccurl_set_long(CCurlEasy *_Nonnull easy, ccurl_option option, long value);
bool ccurl_set_offset(CCurlEasy *_Nonnull easy, ccurl_option option, int64_t value);
// Copied.
bool ccurl_set_string(CCurlEasy *_Nonnull easy, ccurl_option option, const char *_Nullable value);
// Not copied: they live until they are replaced.
bool ccurl_set_list(CCurlEasy *_Nonnull easy, ccurl_option option, const CCurlList *_Nullable list);
bool ccurl_set_bytes(CCurlEasy *_Nonnull easy, ccurl_option option, const void *_Nullable bytes);
// Goes on after CCURL_PAUSE, in both directions.
void ccurl_continue(CCurlEasy *_Nonnull easy);
// Where the answer sends its reader, absolute; NULL when nowhere.
const char *_Nullable ccurl_redirect_url(CCurlEasy *_Nonnull easy);
// The errno of the last connect that failed, 0 when there is none.
int ccurl_os_error(CCurlEasy *_Nonnull easy);

// Adds a text; the list is as it was, and NULL is answered, when memory is out.
CCurlList *_Nullable ccurl_list_append(CCurlList *_Nullable list, const char *_Nonnull text);
void ccurl_list_free(CCurlList *_Nullable list);

// `idle` is how many connections may be kept.
CCurlMulti *_Nullable ccurl_multi_init(long idle);
void ccurl_multi_cleanup(CCurlMulti *_Nonnull multi);
bool ccurl_multi_add(CCurlMulti *_Nonnull multi, CCurlEasy *_Nonnull easy);
void ccurl_multi_remove(CCurlMulti *_Nonnull multi, CCurlEasy *_Nonnull easy);
bool ccurl_multi_perform(CCurlMulti *_Nonnull multi);
bool ccurl_multi_poll(CCurlMulti *_Nonnull multi, int milliseconds);
// The context of a transfer that has ended, and how (libcurl-errors(3)); NULL when there is no other.
void *_Nullable ccurl_multi_next_ended(CCurlMulti *_Nonnull multi, int *_Nonnull result);

#endif
