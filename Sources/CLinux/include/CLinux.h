// The few Linux calls that Swift cannot import from Glibc: headers missing from its module map, functions behind
// _GNU_SOURCE, variadics, function-like macros. Every function here is one call and keeps that call's convention:
// -1 and errno on failure.
#ifndef CLINUX_H
#define CLINUX_H

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>

// epoll(7). The event bits, as plain integers.
static const uint32_t CLINUX_EPOLLIN = EPOLLIN;
static const uint32_t CLINUX_EPOLLOUT = EPOLLOUT;
static const uint32_t CLINUX_EPOLLET = EPOLLET;
static const uint32_t CLINUX_EPOLLEXCLUSIVE = EPOLLEXCLUSIVE;
static const int CLINUX_EPOLL_CLOEXEC = EPOLL_CLOEXEC;

// eventfd(2), signalfd(2).
static const int CLINUX_EFD_CLOEXEC = EFD_CLOEXEC;
static const int CLINUX_EFD_NONBLOCK = EFD_NONBLOCK;
static const int CLINUX_SFD_CLOEXEC = SFD_CLOEXEC;
static const int CLINUX_SFD_NONBLOCK = SFD_NONBLOCK;

// accept4(2): the connection comes non-blocking and close-on-exec.
int clinux_accept(int listener, struct sockaddr *_Nullable address, socklen_t *_Nullable length);

// pipe2(2), close-on-exec.
int clinux_pipe(int descriptors[_Nonnull 2]);

// open(2) with O_PATH, close-on-exec: to be executed, not read, so that this is all the right it takes.
int clinux_open_program(const char *_Nonnull path);

// memfd_create(2), close-on-exec.
int clinux_memfd(const char *_Nonnull name);

// ppoll(2). A negative timeout waits for ever.
int clinux_poll(struct pollfd *_Nonnull descriptors, int count, int64_t nanoseconds);

// pidfd_open(2), pidfd_send_signal(2).
int clinux_pidfd_open(pid_t pid);
int clinux_pidfd_send_signal(int pidfd, int signal);

// prctl(2): the signal this process gets when the thread that forked it ends.
int clinux_set_parent_death_signal(int signal);
// prctl(2): what ps(1) shows as the command's name, cut to 15 bytes.
int clinux_set_name(const char *_Nonnull name);

// wait(2): the parts of a wait status.
bool clinux_exited(int status);
int clinux_exit_status(int status);
bool clinux_signaled(int status);
int clinux_term_signal(int status);

// waitid(2): whether the process is a child of this one that has not been reaped.
bool clinux_is_child(pid_t pid);

// sigabbrev_np(3): "TERM" for SIGTERM, NULL for no signal's number.
const char *_Nullable clinux_signal_name(int signal);

// sched_getaffinity(2): how many processors this process may run on.
int clinux_usable_processors(void);

// How many threads this process has, from /proc/self/task; -1 without /proc. fork(2) keeps only the calling one.
int clinux_thread_count(void);

// socket(7) SO_BINDTOIFINDEX, as any user: binds a TCP listener to an interface that does not exist. From now on the kernel
// finds nobody who listens and refuses every new connection, while handshakes under way still finish, without delay, and
// connections in the queue can still be accepted: none of these is bound. IPv4 and IPv6 alike.
int clinux_refuse_new_connections(int listener);

// Whether the other side's kernel has acknowledged our end of the connection, after shutdown(2) of its writing half (tcp(7)
// TCP_INFO). Always, where an end does not travel: on a unix socket.
bool clinux_end_is_acknowledged(int connection);

// tcp(7) TCP_INFO: how many connections wait in a TCP listener's queue. -1 for other sockets.
int clinux_waiting_connections(int listener);

// sock_diag(7): how many TCP handshakes to a local port the kernel has answered but not finished. 0 where it cannot tell.
int clinux_unfinished_handshakes(uint16_t port);

// backtrace(3) of a thread that is stuck or crashes, written down by the thread itself in a signal handler: a 64-bit count,
// followed by that many addresses, the interrupted one first, then return addresses. The count is written last.
void clinux_warm_up_backtrace(void);
// Of a thread that gets the signal of a crash (SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE), before the process dies of
// it as it would have. Signals that have a handler already are left to it. The destination is for threads without their own.
void clinux_record_crashes(void *_Nonnull destination, int room);
// The calling thread's own destination, and sigaltstack(2): it can handle signals when its stack is used up.
void clinux_record_this_thread(void *_Nonnull destination, int room);
// Of other threads with a destination of their own. They do not go on: their process is to die. Allow it first.
void clinux_allow_backtraces(void);
void clinux_request_backtrace(pthread_t thread);
// The calling thread gets none of the signals of a crash when another process sends one.
void clinux_block_crash_signals(void);

// Whom the calling thread works for, to be told when it waits. One pointer for each thread; Swift has no such variables.
void *_Nullable clinux_blocking_observer(void);
void clinux_set_blocking_observer(void *_Nullable observer);

// gettid(2).
pid_t clinux_thread_id(void);

// sem_clockwait(3) of CLOCK_MONOTONIC, until a time in nanoseconds.
int clinux_wait_for_semaphore(sem_t *_Nonnull semaphore, int64_t until);

// timerfd_create(2) of CLOCK_MONOTONIC, close-on-exec; timerfd_settime(2) to an absolute time in nanoseconds, 0 disarms.
int clinux_timer(bool is_nonblocking);
int clinux_set_timer(int timer, int64_t at);

// socketpair(2) of SOCK_SEQPACKET, close-on-exec, non-blocking.
int clinux_message_sockets(int sockets[_Nonnull 2]);
// sendmsg(2), without waiting: one message, with one descriptor unless that is negative (SCM_RIGHTS).
ssize_t clinux_send_message(int socket, const void *_Nonnull bytes, size_t count, int descriptor);
// recvmsg(2), without waiting: the next message, and the descriptor that came with it, or -1; close-on-exec. EMSGSIZE for a
// message that is longer than the room: it is gone, and its descriptor closed. 0 when nobody can send any more.
ssize_t clinux_receive_message(int socket, void *_Nonnull bytes, size_t room, int *_Nonnull descriptor);

// getrlimit(2), setrlimit(2): as many descriptors as this process may allow itself. -1 when that fails.
int clinux_raise_descriptor_limit(void);

// adjtimex(2): 1 when the kernel believes that the wall clock is kept right, 0 when not, -1 when it does not say.
int clinux_clock_is_synchronized(void);

// fcntl(2), F_OFD_SETLK: a write lock on a range of bytes of an open file (0 bytes: all), without waiting.
int clinux_lock_file(int file, int64_t start, int64_t count);

// malloc_trim(3): gives the kernel back the pages that nothing is allocated in.
void clinux_release_free_memory(void);

// dl_iterate_phdr(3): how far this program is loaded from the addresses that its file names.
uint64_t clinux_program_base(void);

// dladdr(3): the loaded file that an address is in, where it begins, and the exported function there, if there is one.
struct clinux_place {
    const char *_Nullable file;
    uint64_t base;
    const char *_Nullable symbol;
};
struct clinux_place clinux_locate(uint64_t address);

// Of the Swift runtime: a symbol's name as people write it, to be freed. NULL when it is no Swift symbol.
char *_Nullable swift_demangle(const char *_Nonnull name, size_t length, char *_Nullable output,
                               size_t *_Nullable room, uint32_t flags);

// What main got, until the process title is set, which overwrites it. Known without /proc.
int clinux_argument_count(void);
const char *_Nonnull clinux_argument(int index);

// What ps(1) shows for this process, cut to the room that argv and the environment had at start.
// Call it from a single-threaded process: the first call moves the environment.
void clinux_set_process_title(const char *_Nonnull title);

// Puts prepared text behind the title, which has to be set before: 64 bytes, filled up with zeros. No system call: ps(1)
// reads it out of this process's memory.
void clinux_show_activity(const void *_Nonnull text);

#endif
