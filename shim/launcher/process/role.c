/* Roles of browser processes: two families of command lines, a table for each. */
#include "role.h"

#include <stdio.h>
#include <string.h>

struct word_role {
    const char *word;
    const char *role;
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
    {"chrome_crashpad_handler", "crash-handler"},
    {"crashhelper", "crash-handler"},
    {"crashreporter", "crash-handler"},
    {"chrome-sandbox", "sandbox"},
};

/* Chromium: --type=WORD. */
static const struct word_role chromium_types[] = {
    {"renderer", "renderer"}, {"zygote", "zygote"},       {"gpu-process", "gpu"},
    {"utility", "utility"},   {"broker", "broker"},       {"crashpad-handler", "crash-handler"},
    {"ppapi", "plugin"},      {"extension", "extension"},
};

/* Chromium: --utility-sub-type=WORD, where it matters which. */
static const struct word_role chromium_utilities[] = {
    {"network.mojom.NetworkService", "network"},
    {"audio.mojom.AudioService", "audio"},
    {"storage.mojom.StorageService", "storage"},
    {"video_capture.mojom.VideoCaptureService", "video-capture"},
};

/* Firefox: the last argument after -contentproc. */
static const struct word_role firefox_types[] = {
    {"tab", "renderer"},
    {"web", "renderer"},
    {"socket", "socket"},
    {"gpu", "gpu"},
    {"rdd", "rdd"},
    {"utility", "utility"},
    {"forkserver", "forkserver"},
    {"gmplugin", "plugin"},
    {"vr", "vr"},
};

const char *role_base_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return slash ? slash + 1 : path ? path : "";
}

static const char *look_up(const struct word_role *table, size_t rows, const char *word, size_t len)
{
    for (size_t i = 0; i < rows; i++)
        if (strlen(table[i].word) == len && memcmp(table[i].word, word, len) == 0)
            return table[i].role;
    return NULL;
}
#define LOOK_UP(table, word, len)                                                                  \
    look_up((table), sizeof(table) / sizeof((table)[0]), (word), (len))

/* The value of " --name=value" up to the next blank; NULL if there is none. */
static const char *option_value(const char *cmdline, const char *name, size_t *len)
{
    const char *at = strstr(cmdline, name);

    if (!at || at == cmdline || at[-1] != ' ')
        return NULL;
    at += strlen(name);
    *len = strcspn(at, " ");
    return at;
}

static const char *chromium_role(const char *cmdline)
{
    size_t len;
    const char *type = option_value(cmdline, "--type=", &len);
    const char *role = type ? LOOK_UP(chromium_types, type, len) : NULL;

    if (role && strcmp(role, "utility") == 0) {
        const char *sub = option_value(cmdline, "--utility-sub-type=", &len);
        const char *sub_role = sub ? LOOK_UP(chromium_utilities, sub, len) : NULL;
        return sub_role ? sub_role : role;
    }
    return role;
}

static const char *firefox_role(const char *cmdline)
{
    const char *last = strrchr(cmdline, ' ');
    const char *marker = strstr(cmdline, " -contentproc");
    const char *role;

    if (!marker || !last)
        return NULL;
    role = LOOK_UP(firefox_types, last + 1, strlen(last + 1));
    return role ? role : "child";
}

void role_of(const char *exe, const char *cmdline, char out[static ROLE_BYTES])
{
    const char *name = role_base_name(exe);
    const char *role = LOOK_UP(helpers, name, strlen(name));

    if (!role && cmdline)
        role = firefox_role(cmdline);
    if (!role && cmdline)
        role = chromium_role(cmdline);
    /* Its children run the same program: without the arguments nothing tells them apart. */
    for (size_t i = 0; !role && cmdline && i < sizeof(browsers) / sizeof(browsers[0]); i++)
        if (strcmp(browsers[i], name) == 0)
            role = "browser";
    (void)snprintf(out, ROLE_BYTES, "%s", role ? role : "");
}

bool role_is_generic(const char *role)
{
    static const char *const generic[] = {"zygote", "forkserver", "child", ""};

    for (size_t i = 0; i < sizeof(generic) / sizeof(generic[0]); i++)
        if (strcmp(role, generic[i]) == 0)
            return true;
    return false;
}
