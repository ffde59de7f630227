/* Turns signals into something to poll for, and ends a process that can no longer poll. */
#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "analyzer.h"

/* timeout(1) and service managers send several in a row. */
enum { PATIENCE_MS = 1000 };

static int event = -1;
static atomic_int_least64_t first_ms; /* monotonic; 0 none yet */
static sigset_t set;

static void on_signal(int signal)
{
    static const char last_words[] =
        "rtcshim-analyzer: ended at once; what was not yet written is lost\n";
    static const uint64_t one = 1;
    int saved = errno;
    struct timespec t;
    (void)signal;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    int_least64_t now_ms = (int_least64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    int_least64_t none = 0;
    if (!atomic_compare_exchange_strong(&first_ms, &none, now_ms) && now_ms - none >= PATIENCE_MS) {
        if (write(STDERR_FILENO, last_words, sizeof(last_words) - 1) < 0) {
            /* nobody listens */
        }
        _exit(EXIT_TROUBLE);
    }
    if (write(event, &one, sizeof(one)) < 0) {
        /* it is full, so the end has been asked for */
    }
    errno = saved;
}

int stop_open(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct sigaction before;
    sigemptyset(&set);
    event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event < 0)
        goto failed;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        if (signals[i] == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 &&
            before.sa_handler == SIG_IGN)
            continue;
        sigaddset(&set, signals[i]);
    }
    action.sa_mask = set;
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        goto failed;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (sigismember(&set, signals[i]) == 1 && sigaction(signals[i], &action, NULL) != 0)
            goto failed;
    (void)signal(SIGXFSZ, SIG_IGN);
    return event;
failed:
    analyzer_complain("cannot wait for signals: %s", strerror(errno));
    return -1;
}

void stop_listen(void)
{
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

unsigned stop_take(int fd)
{
    uint64_t count;
    return read(fd, &count, sizeof(count)) == sizeof(count) ? (unsigned)count : 0;
}
