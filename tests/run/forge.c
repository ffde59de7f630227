/*
 * A process that lies: forge report COUNT PID writes reports in the name of PID, forge look COUNT
 * writes records of COUNT made-up processes, forge crowd COUNT makes COUNT children that live until
 * standard input ends.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event.h"
#include "ring.h"

static struct ring ring;

/* Wait a while for room, so that nothing is lost. */
static void put(const struct event *head, const void *data)
{
    struct ring_slot slot;

    for (int i = 0; i < 5000; i++) {
        if (ring_reserve(&ring, 1, sizeof(*head) + head->data_len, &slot)) {
            memcpy(slot.data, head, sizeof(*head));
            memcpy(slot.data + sizeof(*head), data, head->data_len);
            ring_commit(&ring, &slot);
            return;
        }
        usleep(2000);
    }
}

static void make_children(int count)
{
    int hold[2];

    if (pipe(hold) != 0)
        exit(1);
    for (int i = 0; i < count; i++)
        if (fork() == 0) {
            char c;
            close(hold[1]);
            _exit(read(hold[0], &c, 1) != 0);
        }
    while (read(STDIN_FILENO, &(char){0}, 1) > 0)
        ;
    close(hold[1]);
    while (wait(NULL) > 0)
        ;
}

int main(int argc, char **argv)
{
    const char *session = getenv("RTCSHIM_SESSION");
    char path[4096];
    struct stat st;
    int fd;
    void *memory;

    if (argc < 3 || !session)
        return 1;
    if (strcmp(argv[1], "crowd") == 0) {
        make_children(atoi(argv[2]));
        return 0;
    }
    snprintf(path, sizeof(path), "%s/ring", session);
    fd = open(path, O_RDWR);
    if (fd < 0 || fstat(fd, &st) != 0)
        return 1;
    memory = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED || !ring_attach(memory, (size_t)st.st_size, &ring))
        return 1;
    for (int i = 0; i < atoi(argv[2]); i++) {
        struct event head = {.process = 100000u + (unsigned)i, .fd = -1, .rule = 0xffff};
        if (argc > 3) {
            struct event_process said = {.ns_pid = (uint32_t)atoi(argv[3]),
                                         .proc_pid = (uint32_t)atoi(argv[3])};
            head.kind = EVENT_PROCESS;
            head.data_len = head.full_len = sizeof(said);
            put(&head, &said);
        } else {
            head.kind = EVENT_FILE;
            head.call = EVENT_CALL_open;
            head.data_len = head.full_len = 13;
            put(&head, "/proc/net/dev");
        }
    }
    return 0;
}
