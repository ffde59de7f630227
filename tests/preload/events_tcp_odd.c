/* STUN in TCP streams that make it hard: more of them than can be followed, stray bytes, empty
 * frames, high descriptors, and threads that close what others read. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bytes.h"
#include "endpoints.h"
#include "events.h"
#include "transcript.h"

enum { TRACKERS = 128 };

/* Every stream's messages are told, also those of streams that no tracker is left for; and a closed
 * stream gives its tracker back. */
void events_tcp_many(void)
{
    static int fd[TRACKERS + 12][2];
    uint8_t b[40];
    for (uint32_t i = 0; i < TRACKERS + 12; i++) {
        tcp_pair(fd[i], AF_INET);
        stun_request(b, 20, 1000 + i);
        stun_request(b + 20, 20, 2000 + i);
        send(fd[i][0], b, 40, 0);
        expect_stun("send", "out,tcp", 20, 1000 + i);
        expect_stun("send", "out,tcp", 20, 2000 + i);
    }
    for (uint32_t i = 0; i < TRACKERS + 12; i++) {
        close(fd[i][0]);
        close(fd[i][1]);
    }
    for (uint32_t i = 0; i < TRACKERS; i++) {
        tcp_pair(fd[i], AF_INET);
        stun_request(b, 20, 3000 + i);
        send(fd[i][0], b, 5, 0);
        send(fd[i][0], b + 5, 15, 0);
        expect_stun("send", "out,tcp", 20, 3000 + i);
    }
}

/* A few bytes that could have begun a header, and then one. */
void events_tcp_stray(void)
{
    uint8_t b[64];
    int fd[2];
    for (size_t stray = 1; stray <= 9; stray++) {
        uint32_t id = (uint32_t)stray * 10;
        tcp_pair(fd, AF_INET);
        memset(b, 0, sizeof(b));
        send(fd[0], b, stray, 0);
        send(fd[0], b, stun_request(b, 20, id), 0), expect_stun("send", "out,tcp", 20, id);
        send(fd[0], b, stun_request(b, 20, id + 1), 0), expect_stun("send", "out,tcp", 20, id + 1);
        close(fd[0]);
        close(fd[1]);
    }
}

/* RFC 4571 allows packets of no bytes; one whose length comes in two pieces keeps the borders. */
void events_tcp_empty_frame(void)
{
    for (size_t cut = 1; cut < 24; cut++) {
        uint8_t b[24] = {0};
        uint32_t id = (uint32_t)cut * 10;
        int fd[2];
        tcp_pair(fd, AF_INET);
        put_be16(b, 20);
        stun_request(b + 2, 20, id);
        send(fd[0], b, 22, 0), expect_stun("send", "out,tcp,framed", 20, id);
        /* Two bytes of an empty packet, then the next packet. */
        memset(b, 0, 4);
        put_be16(b + 2, 20);
        stun_request(b + 4, 20, id + 1);
        send(fd[0], b, cut, 0);
        send(fd[0], b + cut, 24 - cut, 0), expect_stun("send", "out,tcp,framed", 20, id + 1);
        put_be16(b, 20);
        stun_request(b + 2, 20, id + 2);
        send(fd[0], b, 22, 0), expect_stun("send", "out,tcp,framed", 20, id + 2);
        close(fd[0]);
        close(fd[1]);
    }
}

/* Above the table of descriptors nothing is followed, but what stands whole in a segment is told.
 * run.sh leaves this out where the hard limit is too low. */
void events_high(void)
{
    uint8_t b[40];
    int tcp[2], udp[2];
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    tcp_pair(tcp, AF_INET);
    int high = fcntl(tcp[0], F_DUPFD, 70000);
    if (high < 0)
        fail("F_DUPFD 70000");
    stun_request(b, 20, 1);
    stun_request(b + 20, 20, 2);
    send(high, b, 40, 0);
    expect_stun("send", "out,tcp,unknown", 20, 1);
    expect_stun("send", "out,tcp,unknown", 20, 2);
    (void)!write(high, b, stun_request(b, 20, 3));
    expect_stun("write", "out,tcp,unknown", 20, 3);
    pair(udp, AF_INET);
    high = fcntl(udp[0], F_DUPFD, 70000);
    send(high, b, stun_request(b, 20, 4), 0), expect_stun("send", "out,udp,unknown", 20, 4);
}

enum { PAIRS = 4, TALKERS = 5, CHURNERS = 3, TURNS = 15000 };

static int shared[2 * PAIRS];
static atomic_int talking;

static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245 + 12345;
    return *state >> 16;
}

/* Indications, whole, cut and joined, out and in, on descriptors that change their stream
 * meanwhile. */
static void *talk(void *arg)
{
    unsigned random = *(unsigned *)arg;
    uint8_t b[256];
    for (int i = 0; i < TURNS; i++) {
        int fd = shared[next_random(&random) % (2 * PAIRS)];
        if (next_random(&random) % 2) {
            stun_message(b, 20, 0x0011, random);
            stun_message(b + 20, 20, 0x0011, random);
            if (next_random(&random) % 10 == 0)
                b[0] = 0x40;
            send(fd, b, 1 + next_random(&random) % 40, MSG_NOSIGNAL | MSG_DONTWAIT);
        } else {
            int flags = next_random(&random) % 16 == 0 ? MSG_TRUNC : 0;
            recv(fd, b, 1 + next_random(&random) % sizeof(b), MSG_DONTWAIT | flags);
        }
    }
    atomic_fetch_sub(&talking, 1);
    return NULL;
}

static void *churn(void *arg)
{
    unsigned random = *(unsigned *)arg;
    struct linger reset = {1, 0}; /* no port stays behind, however many streams there were */
    while (atomic_load(&talking) > 0) {
        unsigned i = next_random(&random) % PAIRS * 2;
        int fd[2];
        tcp_pair(fd, AF_INET);
        setsockopt(fd[0], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        dup2(fd[0], shared[i]);
        dup2(fd[1], shared[i + 1]);
        close(fd[0]);
        close(fd[1]);
        close(dup(shared[i]));
    }
    return NULL;
}

/* Streams closed, copied and replaced under traffic by other threads: whatever was told meanwhile,
 * afterwards every tracker is free again, once. */
void events_tcp_race(void)
{
    pthread_t thread[TALKERS + CHURNERS];
    unsigned seed[TALKERS + CHURNERS];
    static int fd[TRACKERS][2];
    uint8_t b[20];
    allow("stun type=0011");
    allow("stun out,tcp,unsynced");
    allow("stun in,tcp,unsynced");
    allow("channel-data");
    for (int i = 0; i < PAIRS; i++)
        tcp_pair(shared + (ptrdiff_t)(2 * i), AF_INET);
    atomic_store(&talking, TALKERS);
    for (unsigned i = 0; i < TALKERS + CHURNERS; i++) {
        seed[i] = i + 1;
        if (pthread_create(&thread[i], NULL, i < TALKERS ? talk : churn, &seed[i]) != 0)
            fail("pthread_create");
    }
    for (int i = 0; i < TALKERS + CHURNERS; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < 2 * PAIRS; i++)
        close(shared[i]);
    /* A header in two pieces: only a tracker can join it. One that was leaked is missing here, one
     * that was freed twice serves two streams. */
    for (uint32_t i = 0; i < TRACKERS; i++) {
        tcp_pair(fd[i], AF_INET);
        send(fd[i][0], b, (stun_request(b, 20, i), 5), 0);
    }
    for (uint32_t i = 0; i < TRACKERS; i++) {
        stun_request(b, 20, i);
        send(fd[i][0], b + 5, 15, 0);
        expect("stun send out,tcp len=20 full=20 id=%u type=0001", i);
    }
}
