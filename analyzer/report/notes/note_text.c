/* Lines of notes, piece by piece; each piece knows what may be shown of it. */
#include "note_text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text_escape.h"

enum { NAME_BYTES = 256 }; /* shown of one name */

static const char *const known_words[] = {
#define HOOK(name, ret, params) #name,
#include "hooks.def"
#undef HOOK
#define ROLE(ident, name) name,
#include "roles.def"
#undef ROLE
    "netlink", "ioctl",   "file",    "query", "answer",    "added",
    "changed", "removed", "address", "route", "interface", "syscall",
};

void note_start(struct note *note, const struct pseudonym *names)
{
    note->names = names;
    note->len = 0;
    note->text[0] = '\0';
}

/* More than fits ends the note; text is whole characters. */
static void append(struct note *note, const char *text, size_t len)
{
    static const char end[] = "...";
    size_t room = NOTE_BYTES - sizeof(end) - note->len;
    if (note->len >= NOTE_BYTES - sizeof(end))
        return;
    if (len > room) {
        while (room > 0 && ((unsigned char)text[room] & 0xc0) == 0x80)
            room--;
        memcpy(note->text + note->len, text, room);
        memcpy(note->text + note->len + room, end, sizeof(end));
        note->len = NOTE_BYTES - sizeof(end);
        return;
    }
    memcpy(note->text + note->len, text, len);
    note->len += len;
    note->text[note->len] = '\0';
}

void note_say(struct note *note, const char *words)
{
    append(note, words, strlen(words));
}

void note_add(struct note *note, const char *format, ...)
{
    char text[NAME_BYTES];
    va_list args;
    va_start(args, format);
    /* args are started. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len > 0)
        append(note, text, strlen(text));
}

void note_name(struct note *note, enum pseudonym_kind kind, const char *text, size_t len)
{
    char shown[PSEUDONYM_NAME_BYTES];
    _Static_assert(NAME_BYTES <= sizeof(shown), "a name's escaped form has room");
    if (note->names)
        pseudonym_name(note->names, kind, text, len, shown);
    else
        text_escape(text, len, shown, NAME_BYTES);
    append(note, shown, strlen(shown));
}

/* ENETUNREACH, RTM_GETADDR, SIOCGIFCONF: the system's constants. */
static bool is_constant(const char *text, size_t len)
{
    if (len == 0 || len > 24 || text[0] < 'A' || text[0] > 'Z')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!(text[i] >= 'A' && text[i] <= 'Z') && !(text[i] >= '0' && text[i] <= '9') &&
            text[i] != '_')
            return false;
    return true;
}

static bool is_known(const char *text, size_t len)
{
    for (size_t i = 0; i < sizeof(known_words) / sizeof(known_words[0]); i++)
        if (strlen(known_words[i]) == len && memcmp(known_words[i], text, len) == 0)
            return true;
    return is_constant(text, len);
}

void note_word(struct note *note, const char *text, size_t len)
{
    if (note->names && is_known(text, len))
        append(note, text, len);
    else
        note_name(note, PSEUDONYM_OTHER, text, len);
}

static struct netaddr shown_addr(const struct note *note, const struct netaddr *addr)
{
    return note->names ? pseudonym_addr(note->names, addr) : *addr;
}

void note_ip(struct note *note, const struct netaddr *addr)
{
    char text[NETADDR_IP_TEXT_BYTES];
    struct netaddr shown = shown_addr(note, addr);
    netaddr_format_ip(&shown, text, sizeof(text));
    append(note, text, strlen(text));
}

void note_address(struct note *note, const struct netaddr *addr)
{
    char text[NETADDR_TEXT_BYTES];
    struct netaddr shown = shown_addr(note, addr);
    netaddr_format(&shown, text, sizeof(text));
    append(note, text, strlen(text));
}
