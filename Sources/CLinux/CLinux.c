#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/ucontext.h>
#include <sys/wait.h>
#include <unistd.h>

int clinux_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int clinux_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

int clinux_open_program(const char *path) { return open(path, O_PATH | O_CLOEXEC); }

int clinux_memfd(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

int clinux_poll(struct pollfd *descriptors, int count, int64_t nanoseconds) {
    struct timespec timeout = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000};
    return ppoll(descriptors, (nfds_t)count, nanoseconds < 0 ? NULL : &timeout, NULL);
}

int clinux_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int clinux_pidfd_send_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int clinux_set_parent_death_signal(int signal) { return prctl(PR_SET_PDEATHSIG, signal); }
int clinux_set_name(const char *name) { return prctl(PR_SET_NAME, name); }

bool clinux_exited(int status) { return WIFEXITED(status); }
int clinux_exit_status(int status) { return WEXITSTATUS(status); }
bool clinux_signaled(int status) { return WIFSIGNALED(status); }
int clinux_term_signal(int status) { return WTERMSIG(status); }

bool clinux_is_child(pid_t pid) {
    siginfo_t info;
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

const char *clinux_signal_name(int signal) { return sigabbrev_np(signal); }

int clinux_usable_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return (int)sysconf(_SC_NPROCESSORS_ONLN);
    return CPU_COUNT(&set);
}

int clinux_thread_count(void) {
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL) return -1;
    int count = 0;
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        if (entry->d_name[0] != '.') count += 1;
    }
    closedir(tasks);
    return count;
}

// No network interface has this index, and none will: the kernel counts up from 1.
enum { no_interface = INT_MAX };

int clinux_refuse_new_connections(int listener) {
    int interface = no_interface;
    if (setsockopt(listener, SOL_SOCKET, SO_BINDTOIFINDEX, &interface, sizeof interface) == 0) return 0;
    // Kernels before 5.7 ask for CAP_NET_RAW there. With CAP_NET_ADMIN a filter does instead. It sees the TCP header, whose
    // byte 13 holds the flags: a segment with SYN set is dropped, all others pass whole.
    struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x02, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
    };
    struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
    return setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

bool clinux_end_is_acknowledged(int connection) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (getsockopt(connection, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return true;
    return info.tcpi_state != TCP_FIN_WAIT1 && info.tcpi_state != TCP_CLOSING && info.tcpi_state != TCP_LAST_ACK;
}

int clinux_waiting_connections(int listener) {
    struct tcp_info info;
    socklen_t size = sizeof info;
    if (getsockopt(listener, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return -1;
    // For a listener the kernel puts the length of the accept queue here.
    return (int)info.tcpi_unacked;
}

enum { tcp_syn_recv = 3 };

// Counts what one dump lists. The kernel filters by state and port, so the list is short however many sockets there are.
static int count_handshakes(int netlink, uint8_t family, uint16_t port) {
    struct {
        struct nlmsghdr header;
        struct inet_diag_req_v2 query;
    } request = {
        .header = {.nlmsg_len = sizeof request, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .query = {
            .sdiag_family = family,
            .sdiag_protocol = IPPROTO_TCP,
            .idiag_states = 1u << tcp_syn_recv,
            .id = {.idiag_sport = htons(port)},
        },
    };
    if (send(netlink, &request, sizeof request, 0) != (ssize_t)sizeof request) return 0;
    _Alignas(struct nlmsghdr) char answer[16384];
    int count = 0;
    for (;;) {
        ssize_t length = recv(netlink, answer, sizeof answer, 0);
        if (length <= 0) return count;
        size_t rest = (size_t)length;
        for (struct nlmsghdr *message = (struct nlmsghdr *)answer; NLMSG_OK(message, rest);
             message = NLMSG_NEXT(message, rest)) {
            if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) return count;
            if (message->nlmsg_type == SOCK_DIAG_BY_FAMILY) count++;
        }
    }
}

int clinux_unfinished_handshakes(uint16_t port) {
    int netlink = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink < 0) return 0;
    // The kernel answers at once or not at all.
    struct timeval timeout = {.tv_usec = 100000};
    setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    int count = count_handshakes(netlink, AF_INET, port) + count_handshakes(netlink, AF_INET6, port);
    close(netlink);
    return count;
}

// Where a backtrace goes, and how many addresses fit.
struct backtrace_place {
    uint64_t *destination;
    int room;
};
// The thread's own place, and that of threads without one. A thread-local variable of the program itself is no more than an
// offset to a register, so a signal handler may read it.
static _Thread_local struct backtrace_place own_place;
static struct backtrace_place common_place;
enum { longest_backtrace = 64 };

static void publish_backtrace(struct backtrace_place place, int count) {
    __atomic_store_n(place.destination, (uint64_t)count, __ATOMIC_RELEASE);
}

// Where the thread was when the signal came.
static uint64_t interrupted_place(const void *context) {
    const mcontext_t *machine = &((const ucontext_t *)context)->uc_mcontext;
#if defined(__x86_64__)
    return (uint64_t)machine->gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uint64_t)machine->pc;
#else
#error "which register holds the program counter?"
#endif
}

static void write_backtrace(struct backtrace_place place, const void *context) {
    void *addresses[longest_backtrace];
    int count = backtrace(addresses, longest_backtrace);
    uint64_t interrupted = interrupted_place(context);
    // In front of it are the handler and the kernel's trampoline. It is missing where the unwinder knows no function.
    int first = 0;
    while (first < count && (uint64_t)addresses[first] != interrupted) first++;
    int next = first < count ? first + 1 : 2;
    int written = 0;
    place.destination[1 + written++] = interrupted;
    for (int i = next; i < count && written < place.room; i++) {
        place.destination[1 + written++] = (uint64_t)addresses[i];
    }
    publish_backtrace(place, written);
}

// The first call loads the unwinder, which allocates.
void clinux_warm_up_backtrace(void) {
    void *address[1];
    backtrace(address, 1);
}

static void answer_request(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    // The signal may have come from somebody else at this very moment, and to a thread that must go on.
    if (own_place.destination == NULL) return;
    write_backtrace(own_place, context);
    // The process is about to die. Returning would break off the call that the thread is stuck in, and let it go on.
    for (;;) pause();
}

void clinux_allow_backtraces(void) {
    // Urgent data on a socket is this signal's only other use. It is ignored by default, and so it is until now.
    struct sigaction action = {.sa_sigaction = answer_request, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGURG, &action, NULL);
}

void clinux_request_backtrace(pthread_t thread) { pthread_kill(thread, SIGURG); }

static void record_crash(int signal, siginfo_t *info, void *context) {
    struct backtrace_place place = own_place.destination != NULL ? own_place : common_place;
    // Alone first: the stack may be past reading, and then the next fault is the last.
    place.destination[1] = interrupted_place(context);
    publish_backtrace(place, 1);
    write_backtrace(place, context);
    struct sigaction fatal = {.sa_handler = SIG_DFL};
    sigaction(signal, &fatal, NULL);
    // Once more with all its details, to be delivered when this handler returns: the exit status and the core dump are
    // those of the fault.
    if (syscall(SYS_rt_tgsigqueueinfo, getpid(), (pid_t)syscall(SYS_gettid), signal, info) != 0) raise(signal);
}

static const int crash_signals[] = {SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE};
enum { crash_signal_count = sizeof crash_signals / sizeof crash_signals[0] };

void clinux_record_crashes(void *destination, int room) {
    common_place = (struct backtrace_place){.destination = destination, .room = room};
    struct sigaction action = {.sa_sigaction = record_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    for (int i = 0; i < crash_signal_count; i++) {
        struct sigaction former;
        // Who has a handler already, such as the Swift runtime's own backtracer, wants it.
        if (sigaction(crash_signals[i], NULL, &former) != 0 || former.sa_handler != SIG_DFL) continue;
        sigaction(crash_signals[i], &action, NULL);
    }
}

void clinux_record_this_thread(void *destination, int room) {
    own_place = (struct backtrace_place){.destination = destination, .room = room};
    stack_t former;
    if (sigaltstack(NULL, &former) == 0 && (former.ss_flags & SS_DISABLE) == 0) return;
    enum { size = 64 * 1024 };
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (base == MAP_FAILED) return;
    stack_t stack = {.ss_sp = base, .ss_size = size};
    sigaltstack(&stack, NULL);
}

void clinux_block_crash_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < crash_signal_count; i++) sigaddset(&set, crash_signals[i]);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

struct clinux_place clinux_locate(uint64_t address) {
    Dl_info info;
    if (dladdr((void *)address, &info) == 0) return (struct clinux_place){0};
    return (struct clinux_place){.file = info.dli_fname, .base = (uint64_t)info.dli_fbase, .symbol = info.dli_sname};
}

static _Thread_local void *blocking_observer;

void *clinux_blocking_observer(void) { return blocking_observer; }

void clinux_set_blocking_observer(void *observer) { blocking_observer = observer; }

pid_t clinux_thread_id(void) { return gettid(); }

int clinux_wait_for_semaphore(sem_t *semaphore, int64_t until) {
    struct timespec time = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
    return sem_clockwait(semaphore, CLOCK_MONOTONIC, &time);
}

int clinux_timer(bool is_nonblocking) {
    return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | (is_nonblocking ? TFD_NONBLOCK : 0));
}

int clinux_set_timer(int timer, int64_t at) {
    struct itimerspec time = {.it_value = {.tv_sec = at / 1000000000, .tv_nsec = at % 1000000000}};
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &time, NULL);
}

int clinux_message_sockets(int sockets[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sockets);
}

union one_descriptor {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
};

ssize_t clinux_send_message(int socket, const void *bytes, size_t count, int descriptor) {
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = count};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    union one_descriptor control = {0};
    if (descriptor >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        control.header = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
    }
    return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

ssize_t clinux_receive_message(int socket, void *bytes, size_t room, int *descriptor) {
    *descriptor = -1;
    struct iovec part = {.iov_base = bytes, .iov_len = room};
    union one_descriptor control;
    // Not the size of the union, which has room for a second one: of more than fits the kernel closes the rest.
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_LEN(sizeof(int))};
    ssize_t count = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (count < 0) return -1;
    if (message.msg_controllen >= CMSG_LEN(sizeof(int)) && control.header.cmsg_level == SOL_SOCKET &&
        control.header.cmsg_type == SCM_RIGHTS && control.header.cmsg_len >= CMSG_LEN(sizeof(int))) {
        memcpy(descriptor, CMSG_DATA(&control.header), sizeof *descriptor);
    }
    if ((message.msg_flags & MSG_TRUNC) == 0) return count;
    if (*descriptor >= 0) close(*descriptor);
    *descriptor = -1;
    errno = EMSGSIZE;
    return -1;
}

int clinux_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

int clinux_clock_is_synchronized(void) {
    struct timex state = {0};
    int result = adjtimex(&state);
    if (result < 0) return -1;
    return result != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

int clinux_lock_file(int file, int64_t start, int64_t count) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = count};
    return fcntl(file, F_OFD_SETLK, &lock);
}

void clinux_release_free_memory(void) { malloc_trim(0); }

static int take_base(struct dl_phdr_info *info, size_t size, void *base) {
    (void)size;
    *(uint64_t *)base = info->dlpi_addr;
    return 1;  // The first is the program.
}

uint64_t clinux_program_base(void) {
    uint64_t base = 0;
    dl_iterate_phdr(take_base, &base);
    return base;
}

// The kernel shows the bytes from argv[0] up to the end of the environment as the command line.
static char *title_start;
static size_t title_room;
static bool environment_moved;
enum { activity_size = 64 };
static char *activity_start;
static size_t activity_room;
extern char **environ;

static int argument_count;
static char **arguments;

// Before anything else is opened: what is closed would be the number of the next descriptor, and whoever writes to standard
// output would write into a socket.
__attribute__((constructor(101))) static void open_standard_descriptors(void) {
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF) open("/dev/null", O_RDWR);
    }
}

int clinux_argument_count(void) { return argument_count; }
const char *clinux_argument(int index) { return arguments[index]; }

// glibc hands constructors what main gets.
__attribute__((constructor)) static void remember_arguments(int argc, char **argv, char **envp) {
    if (argc < 1) return;
    argument_count = argc;
    arguments = argv;
    char *end = argv[0];
    for (int i = 0; i < argc; i++) {
        if (argv[i] == end) end = argv[i] + strlen(argv[i]) + 1;
    }
    for (char **entry = envp; *entry != NULL; entry++) {
        if (*entry == end) end = *entry + strlen(*entry) + 1;
    }
    title_start = argv[0];
    title_room = (size_t)(end - argv[0]);
}

static bool move_environment(void) {
    if (environment_moved) return true;
    size_t count = 0;
    while (environ != NULL && environ[count] != NULL) count++;
    char **moved = calloc(count + 1, sizeof *moved);
    if (moved == NULL) return false;
    for (size_t i = 0; i < count; i++) {
        moved[i] = strdup(environ[i]);
        if (moved[i] == NULL) return false;
    }
    environ = moved;
    environment_moved = true;
    return true;
}

void clinux_set_process_title(const char *title) {
    if (title_room < 2 || !move_environment()) return;
    size_t length = strnlen(title, title_room - 1);
    memcpy(title_start, title, length);
    memset(title_start + length, 0, title_room - length);
    activity_start = title_start + length;
    // The last byte stays zero.
    size_t room = title_room - length - 1;
    activity_room = room < activity_size ? room : activity_size;
}

void clinux_show_activity(const void *text) {
    // The usual case with a constant, which is a few moves.
    if (activity_room == activity_size) {
        memcpy(activity_start, text, activity_size);
    } else if (activity_room > 0) {
        memcpy(activity_start, text, activity_room);
    }
}
