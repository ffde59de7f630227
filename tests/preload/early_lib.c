/* A library that the test program links: its constructor runs before that of a preload library,
 * which depends on less. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "early.h"

struct early_notes early_from_library;

void early_try(struct early_notes *notes)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    unsigned char stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42}, buf[64];
    errno = 1234;
    notes->made = socket(AF_INET, SOCK_DGRAM, 0);
    notes->error_made = errno;
    bind(notes->made, (struct sockaddr *)&addr, len);
    getsockname(notes->made, (struct sockaddr *)&addr, &len);
    notes->sent = sendto(notes->made, stun, sizeof(stun), 0, (struct sockaddr *)&addr, len);
    notes->got = recv(notes->made, buf, sizeof(buf), MSG_DONTWAIT);
    errno = 1234;
    notes->refused = send(-1, stun, sizeof(stun), 0);
    notes->error_refused = errno;
    notes->opened = open("/proc/net/dev", O_RDONLY);
    notes->closed = close(notes->opened);
    notes->again = dup(notes->made);
    close(notes->again);
    close(notes->made);
}

__attribute__((constructor(101))) static void at_load(void)
{
    early_try(&early_from_library);
}
