/*
 * Run commands in turn and compare them: take_turns ROUNDS NAME COMMAND [NAME COMMAND]...
 *
 * Each round runs each command once (sh -c, output to nowhere), so that a slow minute of the
 * machine falls on all of them. Printed are the median and range of the wall-clock time, the
 * processor time, the largest resident set of any round, and how long it took beside the first
 * command: the median of the rounds' ratios. With BENCH_REALTIME=1 the commands go before all else
 * that the machine does (SCHED_RR; needs privilege).
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    ROUNDS_MAX = 99,
    COMMANDS_MAX = 16,
};

struct run {
    double wall, cpu;
    long resident_kib;
};

static double seconds_of(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void become(const char *command)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere >= 0) {
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
    }
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

static struct run run_once(const char *name, const char *command)
{
    struct rusage usage;
    int status;
    double begin = now();
    pid_t pid = fork();
    if (pid == 0)
        become(command);
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
        perror("take_turns");
        exit(1);
    }
    double wall = now() - begin;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "take_turns: %s failed: %s\n", name, command);
        exit(1);
    }
    return (struct run){wall, seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
                        usage.ru_maxrss};
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(*values), by_value);
    return values[count / 2];
}

static void print(const char *name, const struct run *runs, const struct run *first, size_t rounds)
{
    double wall[ROUNDS_MAX], cpu[ROUNDS_MAX], ratio[ROUNDS_MAX];
    long resident = 0;
    for (size_t i = 0; i < rounds; i++) {
        wall[i] = runs[i].wall;
        cpu[i] = runs[i].cpu;
        ratio[i] = runs[i].wall / first[i].wall;
        if (runs[i].resident_kib > resident)
            resident = runs[i].resident_kib;
    }
    double middle = median(wall, rounds);
    printf("%-34s %8.3f %8.3f..%-8.3f %7.3f %7.2f %8.1f\n", name, middle, wall[0], wall[rounds - 1],
           median(cpu, rounds), median(ratio, rounds), (double)resident / 1024);
}

int main(int argc, char **argv)
{
    static struct run runs[COMMANDS_MAX][ROUNDS_MAX];
    size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    size_t commands = (size_t)(argc - 2) / 2;
    const char *realtime = getenv("BENCH_REALTIME");
    if (argc < 4 || argc % 2 != 0 || rounds == 0 || rounds > ROUNDS_MAX ||
        commands > COMMANDS_MAX) {
        fputs("usage: take_turns ROUNDS NAME COMMAND [NAME COMMAND]...\n", stderr);
        return 2;
    }
    if (realtime && strcmp(realtime, "1") == 0) {
        struct sched_param first = {.sched_priority = 1};
        if (sched_setscheduler(0, SCHED_RR, &first) != 0) {
            fprintf(stderr, "take_turns: no real-time priority: %s\n", strerror(errno));
            return 1;
        }
    }
    for (size_t i = 0; i < rounds; i++)
        for (size_t c = 0; c < commands; c++)
            runs[c][i] = run_once(argv[2 + 2 * c], argv[3 + 2 * c]);
    printf("%-34s %8s %18s %7s %7s %8s\n", "", "median s", "range", "cpu s", "ratio", "MiB");
    for (size_t c = 0; c < commands; c++)
        print(argv[2 + 2 * c], runs[c], runs[0], rounds);
    return 0;
}
