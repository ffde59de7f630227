/* Preloaded under the analyzer, takes its secret away: all random bytes are zeros. It shows what a
 * capture that is made to collide would do to tables without a key. */
#include <string.h>
#include <sys/random.h>

ssize_t getrandom(void *buffer, size_t length, unsigned int flags)
{
    (void)flags;
    memset(buffer, 0, length);
    return (ssize_t)length;
}
