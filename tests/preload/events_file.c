/* The rarer roads to the files that tell about interfaces, and other ways to write their names. */
#include <dirent.h>
#include <fcntl.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "endpoints.h"
#include "events.h"
#include "transcript.h"

void events_file_roads(void)
{
    char target[256];
    struct dirent **list = NULL;
    struct dirent64 **list64 = NULL;
    int count = scandir("/sys/class/net", &list, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(list[i]);
    free(list);
    expect("file scandir in path=/sys/class/net");
    count = scandir64("/sys/class/net/lo", &list64, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(list64[i]);
    free(list64);
    expect("file scandir64 in path=/sys/class/net/lo");
    if (readlink("/sys/class/net/lo", target, sizeof(target)) > 0)
        expect("file readlink path=/sys/class/net/lo");
    if (__readlink_chk("/sys/class/net/lo", target, sizeof(target), sizeof(target)) > 0)
        expect("file __readlink_chk path=/sys/class/net/lo");
    int dir = open("/sys/class", O_RDONLY | O_DIRECTORY);
    if (readlinkat(dir, "net/lo", target, sizeof(target)) > 0)
        expect("file readlinkat path=net/lo");
    if (__readlinkat_chk(dir, "net/lo", target, sizeof(target), sizeof(target)) > 0)
        expect("file __readlinkat_chk path=net/lo");
    close(dir);
    /* Nobody may make files there: a refusal tells nothing, and the table stays right. */
    if (creat("/proc/net/made", 0600) >= 0 || creat64("/proc/net/made", 0600) >= 0)
        fail("a file made in /proc/net");
    int null = creat("/dev/null", 0600), other = creat64("/dev/null", 0600);
    uint8_t b[20];
    (void)!write(null, b, stun_request(b, 20, 1));
    (void)!write(other, guarded(20), 20);
    /* Elsewhere none of them tells. */
    scandir("/nosuch", &list, NULL, NULL);
    count = scandir("/sys/class/mem", &list, NULL, NULL);
    for (int i = 0; i < count; i++)
        free(list[i]);
    free(count >= 0 ? list : NULL);
    (void)!readlink("/proc/self/exe", target, sizeof(target));
    (void)!__readlink_chk("/proc/self/exe", target, sizeof(target), sizeof(target));
}

/* The kernel takes two slashes, and a dot between them, for one. */
void events_file_names(void)
{
    static const char *const told[] = {
        "//proc//net/dev",
        "/./proc/net/dev",
        "/proc/./net/dev",
        "/proc/.//./net///dev",
        "///proc/self//net/route",
        "//sys/class//net/lo/address",
        "/sys//./class/net/./lo/mtu",
        "/proc//sys/net//ipv4/conf/lo/forwarding",
    };
    static const char *const quiet[] = {
        "//proc//version", "/./dev/null", "/proc/./self//status", "/proc/.net", "/.proc/net/dev",
    };
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        int fd = open(told[i], O_RDONLY);
        if (fd < 0)
            fail(told[i]);
        expect("file open path=%s", told[i]);
        close(fd);
    }
    int proc = open("/.//proc", O_RDONLY | O_DIRECTORY);
    int below = openat(proc, ".//self/./net//dev", O_RDONLY);
    if (below < 0)
        fail("openat below /proc");
    expect("file openat path=.//self/./net//dev");
    close(below);
    close(proc);
    for (size_t i = 0; i < sizeof(quiet) / sizeof(quiet[0]); i++)
        close(open(quiet[i], O_RDONLY));
}

/* A question that can't be put: refused before anything is sent, and told all the same. */
void events_resolver(void)
{
    struct __res_state state;
    unsigned char reply[512];
    memset(&state, 0, sizeof(state));
    res_ninit(&state);
    res_nsearch(&state, "a..b.", 1, 1, reply, sizeof(reply));
    expect("name res_nsearch name=a..b. count=0 result=-1");
    res_nquery(&state, "a..b", 1, 1, reply, sizeof(reply));
    expect("name res_nquery name=a..b count=0 result=-1");
    res_nclose(&state);
}
