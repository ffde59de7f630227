/* Sends Binding requests to loopback at full speed from several processes and prints how many:
 * flood PROCESSES SECONDS. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Number process and message in the transaction id, so that each can be told from all others. */
static uint64_t send_all(uint8_t process, uint64_t until)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(3478), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    uint8_t request[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42};
    uint64_t sent = 0;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    if (fd < 0)
        exit(1);
    request[8] = process;
    do {
        memcpy(request + 9, &sent, sizeof sent);
        if (sendto(fd, request, sizeof request, 0, (struct sockaddr *)&to, sizeof to) ==
            sizeof request)
            sent++;
    } while (now_ns() < until);
    return sent;
}

int main(int argc, char **argv)
{
    int processes = argc > 1 ? atoi(argv[1]) : 4;
    uint64_t until = now_ns() + (uint64_t)((argc > 2 ? atof(argv[2]) : 10) * 1e9);
    uint64_t total = 0, one;
    int result[2];

    if (pipe(result) != 0)
        return 1;
    for (int i = 0; i < processes; i++)
        if (fork() == 0) {
            one = send_all((uint8_t)(i + 1), until);
            return write(result[1], &one, sizeof one) != sizeof one;
        }
    for (int i = 0; i < processes; i++) {
        if (read(result[0], &one, sizeof one) != sizeof one)
            return 1;
        total += one;
    }
    while (wait(NULL) > 0)
        ;
    printf("%llu\n", (unsigned long long)total);
    return 0;
}
