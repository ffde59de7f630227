/* The key of --redact: made at random, or kept in a file so that several reports fit together. */
#include "redact.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer.h"

enum {
    KEY_DIGITS = 2 * PSEUDONYM_KEY_BYTES,
    FILE_BYTES = 256, /* room for white space around the digits */
};

static bool make_key(uint8_t key[static PSEUDONYM_KEY_BYTES])
{
    /* Not interrupted and never short at this size, once the kernel has gathered entropy. */
    if (getrandom(key, PSEUDONYM_KEY_BYTES, 0) == PSEUDONYM_KEY_BYTES)
        return true;
    analyzer_complain("cannot get random bytes for --redact: %s", strerror(errno));
    return false;
}

static bool write_key(int fd, const char *file, const uint8_t key[static PSEUDONYM_KEY_BYTES])
{
    char text[KEY_DIGITS + 2];
    bool ok;
    for (size_t i = 0; i < PSEUDONYM_KEY_BYTES; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", key[i]);
    memcpy(text + KEY_DIGITS, "\n", 2);
    ok = write(fd, text, KEY_DIGITS + 1) == KEY_DIGITS + 1 && fsync(fd) == 0;
    if (!ok) {
        analyzer_complain("cannot write the key to %s: %s", file, strerror(errno));
        (void)unlink(file);
    }
    explicit_bzero(text, sizeof(text));
    return ok;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool parse_key(const char *text, size_t len, uint8_t key[static PSEUDONYM_KEY_BYTES])
{
    static const char space[] = " \t\r\n";
    while (len > 0 && strchr(space, text[len - 1]))
        len--;
    while (len > 0 && strchr(space, *text)) {
        text++;
        len--;
    }
    if (len != KEY_DIGITS)
        return false;
    for (size_t i = 0; i < PSEUDONYM_KEY_BYTES; i++) {
        int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        key[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* A key that others can read lets them undo what it made. */
static bool is_private(int fd, const char *file)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        analyzer_complain("%s is no file with a key", file);
        return false;
    }
    if (st.st_mode & (S_IRWXG | S_IRWXO)) {
        analyzer_complain("others have access to the key in %s, mode %03o: chmod 600 it, or name "
                          "another file",
                          file, (unsigned)(st.st_mode & 0777));
        return false;
    }
    return true;
}

static bool read_key(int fd, const char *file, uint8_t key[static PSEUDONYM_KEY_BYTES])
{
    char text[FILE_BYTES];
    ssize_t len;
    bool ok;
    if (!is_private(fd, file))
        return false;
    len = read(fd, text, sizeof(text));
    if (len < 0) {
        analyzer_complain("cannot read the key in %s: %s", file, strerror(errno));
        return false;
    }
    ok = len < (ssize_t)sizeof(text) && parse_key(text, (size_t)len, key);
    explicit_bzero(text, sizeof(text));
    if (!ok)
        analyzer_complain("%s holds no key: %d hexadecimal digits are expected; a file that is not "
                          "there is made",
                          file, KEY_DIGITS);
    return ok;
}

static bool file_key(const char *file, uint8_t key[static PSEUDONYM_KEY_BYTES])
{
    bool ok;
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) {
        ok = read_key(fd, file, key);
        (void)close(fd);
        return ok;
    }
    if (errno != ENOENT) {
        analyzer_complain("cannot open the key %s: %s", file, strerror(errno));
        return false;
    }
    fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        analyzer_complain("cannot make the key %s: %s", file, strerror(errno));
        return false;
    }
    ok = make_key(key) && write_key(fd, file, key);
    (void)close(fd);
    if (ok)
        analyzer_complain("made a new key in %s; who has it can undo the pseudonyms", file);
    return ok;
}

struct pseudonym *redact_key(const char *file)
{
    uint8_t key[PSEUDONYM_KEY_BYTES];
    struct pseudonym *pseudonym = NULL;
    if (file ? file_key(file, key) : make_key(key)) {
        pseudonym = pseudonym_new(key);
        if (!pseudonym)
            analyzer_complain("no memory");
    }
    explicit_bzero(key, sizeof(key));
    return pseudonym;
}
