/* Roles of browser processes: two families of command lines, a table for each. Linked into the
 * preload library. */
#include "role.h"

#include <string.h>

struct word_role {
    const char *word;
    enum role role;
};

/* Programs that are a browser when nothing in their arguments says otherwise. */
static const char *const browsers[] = {
    "firefox",    "firefox-esr",      "firefox-bin",
    "librewolf",  "waterfox",         "icecat",
    "torbrowser", "thunderbird",      "chromium",
    "chrome",     "chromium-browser", "google-chrome",
    "brave",      "brave-browser",    "msedge",
    "opera",      "vivaldi-bin",      "vivaldi",
    "electron",   "headless_shell",   "chrome-headless-shell",
};

/* Helpers with a program of their own. */
static const struct word_role helpers[] = {
    {"chrome_crashpad_handler", ROLE_CRASH_HANDLER},
    {"crashhelper", ROLE_CRASH_HANDLER},
    {"crashreporter", ROLE_CRASH_HANDLER},
    {"chrome-sandbox", ROLE_SANDBOX},
};

/* Chromium: --type=WORD. */
static const struct word_role chromium_types[] = {
    {"renderer", ROLE_RENDERER}, {"zygote", ROLE_ZYGOTE},
    {"gpu-process", ROLE_GPU},   {"utility", ROLE_UTILITY},
    {"broker", ROLE_BROKER},     {"crashpad-handler", ROLE_CRASH_HANDLER},
    {"ppapi", ROLE_PLUGIN},      {"extension", ROLE_EXTENSION},
};

/* Chromium: --utility-sub-type=WORD, where it matters which. */
static const struct word_role chromium_utilities[] = {
    {"network.mojom.NetworkService", ROLE_NETWORK},
    {"audio.mojom.AudioService", ROLE_AUDIO},
    {"storage.mojom.StorageService", ROLE_STORAGE},
    {"video_capture.mojom.VideoCaptureService", ROLE_VIDEO_CAPTURE},
};

/* Firefox: the last argument after -contentproc. */
static const struct word_role firefox_types[] = {
    {"tab", ROLE_RENDERER},    {"web", ROLE_RENDERER},
    {"socket", ROLE_SOCKET},   {"gpu", ROLE_GPU},
    {"rdd", ROLE_RDD},         {"utility", ROLE_UTILITY},
    {"vr", ROLE_VR},           {"forkserver", ROLE_FORKSERVER},
    {"gmplugin", ROLE_PLUGIN},
};

static const char *const names[ROLE_COUNT] = {
    [ROLE_OTHER] = "",
#define ROLE(ident, name) [ROLE_##ident] = (name),
#include "roles.def"
#undef ROLE
};

const char *role_base_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return slash ? slash + 1 : path ? path : "";
}

const char *role_name(unsigned role)
{
    return role < ROLE_COUNT ? names[role] : "";
}

static bool word_is(const char *word, const char *text, size_t len)
{
    return strlen(word) == len && memcmp(word, text, len) == 0;
}

enum role role_of_name(const char *name, size_t len)
{
    for (unsigned i = ROLE_OTHER + 1; i < ROLE_COUNT; i++)
        if (word_is(names[i], name, len))
            return (enum role)i;
    return ROLE_OTHER;
}

static enum role look_up(const struct word_role *table, size_t rows, const char *word, size_t len)
{
    for (size_t i = 0; i < rows; i++)
        if (word_is(table[i].word, word, len))
            return table[i].role;
    return ROLE_OTHER;
}
#define LOOK_UP(table, word, len)                                                                  \
    look_up((table), sizeof(table) / sizeof((table)[0]), (word), (len))

/* The arguments, one after the other. */
struct arguments {
    const char *at, *end;
};

static bool next_argument(struct arguments *args, const char **word, size_t *len)
{
    while (args->at < args->end && (*args->at == '\0' || *args->at == ' '))
        args->at++;
    *word = args->at;
    while (args->at < args->end && *args->at != '\0' && *args->at != ' ')
        args->at++;
    *len = (size_t)(args->at - *word);
    return *len > 0;
}

/* The first argument is the program's name and says nothing. */
static struct arguments arguments_after_name(const char *cmdline, size_t len)
{
    struct arguments args = {cmdline, cmdline + len};
    const char *word;
    size_t n;

    (void)next_argument(&args, &word, &n);
    return args;
}

/* The value of the first argument NAME=VALUE; NULL if there is none. */
static const char *option_value(struct arguments args, const char *name, size_t *len)
{
    size_t name_len = strlen(name);
    const char *word;
    size_t n;

    while (next_argument(&args, &word, &n))
        if (n >= name_len && memcmp(word, name, name_len) == 0) {
            *len = n - name_len;
            return word + name_len;
        }
    return NULL;
}

static enum role chromium_role(struct arguments args)
{
    size_t len;
    const char *type = option_value(args, "--type=", &len);
    enum role role = type ? LOOK_UP(chromium_types, type, len) : ROLE_OTHER;

    if (role == ROLE_UTILITY) {
        const char *sub = option_value(args, "--utility-sub-type=", &len);
        enum role sub_role = sub ? LOOK_UP(chromium_utilities, sub, len) : ROLE_OTHER;
        return sub_role != ROLE_OTHER ? sub_role : role;
    }
    return role;
}

static enum role firefox_role(struct arguments args)
{
    static const char marker[] = "-contentproc";
    bool marked = false;
    const char *word, *last = "";
    size_t len, last_len = 0;
    enum role role;

    while (next_argument(&args, &word, &len)) {
        marked |= len >= sizeof marker - 1 && memcmp(word, marker, sizeof marker - 1) == 0;
        last = word;
        last_len = len;
    }
    if (!marked)
        return ROLE_OTHER;
    role = LOOK_UP(firefox_types, last, last_len);
    return role != ROLE_OTHER ? role : ROLE_CHILD;
}

enum role role_find(const char *exe, const char *cmdline, size_t len)
{
    const char *name = role_base_name(exe);
    enum role role = LOOK_UP(helpers, name, strlen(name));

    if (role != ROLE_OTHER || !cmdline)
        return role;
    struct arguments args = arguments_after_name(cmdline, len);
    role = firefox_role(args);
    if (role == ROLE_OTHER)
        role = chromium_role(args);
    /* Its children run the same program: without the arguments nothing tells them apart. */
    for (size_t i = 0; role == ROLE_OTHER && i < sizeof(browsers) / sizeof(browsers[0]); i++)
        if (strcmp(browsers[i], name) == 0)
            role = ROLE_BROWSER;
    return role;
}
