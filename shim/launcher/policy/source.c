/* Loads policies, and shows people where one is wrong. */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"
#include "text_escape.h"
#include "words.h"

#define BUILTIN(ident, name, summary)                                                              \
    extern const char builtin_text_##ident[], builtin_text_##ident##_end[];
#include "builtins.def"
#undef BUILTIN

const struct source_builtin *source_builtins(size_t *count)
{
    static struct source_builtin rows[] = {
#define BUILTIN(ident, name, summary) {name, summary, builtin_text_##ident, 0},
#include "builtins.def"
#undef BUILTIN
    };
    static const char *const ends[] = {
#define BUILTIN(ident, name, summary) builtin_text_##ident##_end,
#include "builtins.def"
#undef BUILTIN
    };

    *count = sizeof rows / sizeof rows[0];
    for (size_t i = 0; i < *count; i++)
        rows[i].len = (size_t)((uintptr_t)ends[i] - (uintptr_t)rows[i].text);
    return rows;
}

const struct source_builtin *source_builtin(const char *name)
{
    size_t count;
    const struct source_builtin *rows = source_builtins(&count);

    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

enum source_status source_from_text(const char *name, const char *text, size_t len,
                                    struct policy_source *out, struct parser_report *report)
{
    memset(out, 0, sizeof *out);
    memset(report, 0, sizeof *report);
    /* A file's name may be longer than a policy's. */
    (void)snprintf(out->name, sizeof out->name, "%.*s", POLICY_NAME_BYTES - 1, name);
    out->text = malloc(len + 1);
    if (!out->text) {
        say_error("out of memory");
        return SOURCE_UNREADABLE;
    }
    memcpy(out->text, text, len);
    out->text[len] = '\0';
    out->len = len;
    return parser_parse(out->text, len, &out->program, report) ? SOURCE_OK : SOURCE_WRONG;
}

bool source_is_file(const char *what)
{
    struct stat st;

    return strcmp(what, "-") == 0 || (stat(what, &st) == 0 && !S_ISDIR(st.st_mode));
}

void source_free(struct policy_source *source)
{
    free(source->text);
    source->text = NULL;
    program_free(&source->program);
}

/* At most one byte more than a policy may have, so that too much is seen. */
static bool read_all(int fd, char *buffer, size_t size, size_t *len)
{
    *len = 0;
    while (*len < size) {
        ssize_t got = read(fd, buffer + *len, size - *len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            break;
        *len += (size_t)got;
    }
    return true;
}

/* What a policy from a file is called in events: "office" for /etc/rtcshim/office.policy. */
static void name_of_path(const char *path, char out[static POLICY_NAME_BYTES])
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t len = strlen(base);

    if (len > 7 && strcmp(base + len - 7, ".policy") == 0)
        len -= 7;
    if (len >= POLICY_NAME_BYTES)
        len = POLICY_NAME_BYTES - 1;
    memcpy(out, base, len);
    out[len] = '\0';
}

static void say_not_found(const char *what, int error)
{
    struct word rows[16];
    struct words names = {rows, 0, "a policy"};
    size_t count;
    const struct source_builtin *builtins = source_builtins(&count);
    const char *guess;

    for (size_t i = 0; i < count && i < sizeof rows / sizeof rows[0]; i++)
        rows[names.rows++] = (struct word){builtins[i].name, 0, NULL};
    guess = strchr(what, '/') ? NULL : words_guess(&names, what, strlen(what));
    if (error == ENOENT && guess)
        say_error("no policy or file is called '%s'; did you mean '%s'?", what, guess);
    else if (error == ENOENT && !strchr(what, '/'))
        say_error("no policy or file is called '%s'; 'rtcshim policy list' shows the policies",
                  what);
    else
        say_error("cannot read the policy '%s': %s", what, strerror(error));
}

enum source_status source_load(const char *what, struct policy_source *out,
                               struct parser_report *report)
{
    const struct source_builtin *builtin = source_builtin(what);
    char name[POLICY_NAME_BYTES] = "stdin";
    enum source_status status = SOURCE_UNREADABLE;
    char *buffer;
    size_t len = 0;
    int fd = STDIN_FILENO;

    memset(out, 0, sizeof *out);
    memset(report, 0, sizeof *report);
    if (builtin)
        return source_from_text(builtin->name, builtin->text, builtin->len, out, report);
    if (strcmp(what, "-") != 0) {
        struct stat st;
        name_of_path(what, name);
        /* Not to wait for the other end of a fifo that has none. */
        fd = open(what, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
            close(fd);
            fd = -1;
            errno = EISDIR;
        }
        if (fd < 0) {
            say_not_found(what, errno);
            return status;
        }
    }
    buffer = malloc(PROGRAM_BYTES_MAX + 1);
    if (!buffer)
        say_error("out of memory");
    else if (!read_all(fd, buffer, PROGRAM_BYTES_MAX + 1, &len))
        say_error("cannot read the policy '%s': %s", what, strerror(errno));
    else
        status = source_from_text(name, buffer, len, out, report);
    free(buffer);
    if (fd != STDIN_FILENO)
        close(fd);
    return status;
}

static size_t characters(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

/* The line and a caret below; what acts on a terminal is shown escaped, a tab as one blank. */
static void print_line(const struct policy_source *source, const struct parser_note *note,
                       FILE *out)
{
    enum { LINE_SHOWN = 400, ESCAPED = LINE_SHOWN * 6 + 1 };
    char line[LINE_SHOWN], text[ESCAPED], before[ESCAPED];
    const char *start = "";
    size_t len = parser_line(source->text, source->len, note->line, &start);
    unsigned column = 1;
    size_t pos = 0;

    if (len > sizeof line || len == 0)
        return;
    for (size_t i = 0; i < len; i++)
        line[i] = (char)(start[i] == '\t' ? ' ' : start[i]);
    while (pos < len && column < note->column) {
        pos++;
        column += pos == len || ((unsigned char)line[pos] & 0xc0) != 0x80;
    }
    text_escape(line, len, text, sizeof text);
    text_escape(line, pos, before, sizeof before);
    (void)fprintf(out, "    %s\n    %*s^\n", text, (int)characters(before), "");
}

void source_print_report(const struct policy_source *source, const char *file,
                         const struct parser_report *report, FILE *out)
{
    char text[PARSER_NOTE_BYTES * 4 + 1];
    char path[1024];

    text_escape(file, strlen(file), path, sizeof path);
    for (size_t i = 0; i < report->notes; i++) {
        const struct parser_note *note = &report->note[i];
        text_escape(note->message, strlen(note->message), text, sizeof text);
        (void)fprintf(out, "%s:%u:%u: %s: %s\n", path, note->line, note->column,
                      note->warning ? "warning" : "error", text);
        print_line(source, note, out);
        text_escape(note->hint, strlen(note->hint), text, sizeof text);
        if (text[0])
            (void)fprintf(out, "    hint: %s\n", text);
    }
    if (report->errors > PARSER_NOTES_MAX)
        (void)fprintf(out, "%s: %zu errors in all\n", path, report->errors);
}
