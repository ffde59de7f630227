/* From root, or from file capabilities, to a process that may do nothing special. */
#include "privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "analyzer.h"

enum {
    NOBODY = 65534, /* where the system has no user of that name */
};

/* A whole number from the environment; false where it is anything else. */
static bool id_from(const char *variable, unsigned *out)
{
    const char *text = getenv(variable);
    char *end;
    unsigned long n;
    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    n = strtoul(text, &end, 10);
    if (errno != 0 || *end != '\0' || n == 0 || n >= UINT32_MAX)
        return false;
    *out = (unsigned)n;
    return true;
}

bool privilege_choose_user(const char *name, struct privilege_user *out)
{
    const struct passwd *found;
    unsigned uid, gid;
    *out = (struct privilege_user){.uid = (uid_t)-1, .gid = (gid_t)-1};
    if (name) {
        found = getpwnam(name);
        if (!found) {
            analyzer_complain("there is no user '%s'", name);
            return false;
        }
        *out = (struct privilege_user){
            .uid = found->pw_uid, .gid = found->pw_gid, .required = true, .owns = true};
        return true;
    }
    if (geteuid() != 0)
        return true;
    if (id_from("SUDO_UID", &uid) && id_from("SUDO_GID", &gid)) {
        *out = (struct privilege_user){.uid = uid, .gid = gid, .owns = true};
        return true;
    }
    found = getpwnam("nobody");
    out->uid = found ? found->pw_uid : NOBODY;
    out->gid = found ? found->pw_gid : NOBODY;
    return true;
}

bool privilege_become_caller(void)
{
    uid_t uid = getuid();
    gid_t gid = getgid();
    if (geteuid() == uid && getegid() == gid)
        return true;
    if (geteuid() == 0) {
        capng_clear(CAPNG_SELECT_BOTH);
        if (capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, CAP_NET_RAW) == 0 &&
            capng_change_id((int)uid, (int)gid, CAPNG_CLEAR_BOUNDING) == 0)
            return true;
    } else if (setresgid(gid, gid, gid) == 0 && setresuid(uid, uid, uid) == 0) {
        return true;
    }
    analyzer_complain("cannot give up the rights of a setuid program: %s", strerror(errno));
    return false;
}

/* The bounding set can be emptied only with cap_setpcap; without it, no_new_privs does the same. */
static bool drop_bounding_set(void)
{
    if (capng_get_caps_process() != 0 || !capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
        return true;
    capng_clear(CAPNG_SELECT_BOUNDS);
    return capng_apply(CAPNG_SELECT_BOUNDS) == 0;
}

static bool change_user(const struct privilege_user *user)
{
    uid_t uid;
    uid_t effective;
    uid_t saved;
    if (user->uid == (uid_t)-1)
        return true;
    if (geteuid() != 0 && getuid() == user->uid && getgid() == user->gid)
        return true; /* the caller, by name */
    if (setgroups(0, NULL) == 0 && setresgid(user->gid, user->gid, user->gid) == 0 &&
        setresuid(user->uid, user->uid, user->uid) == 0)
        return getresuid(&uid, &effective, &saved) == 0 && uid == user->uid &&
               effective == user->uid && saved == user->uid;
    /* A user namespace that has one user: there is nobody else to be. */
    return !user->required && (errno == EINVAL || errno == EPERM);
}

/* All sets but the bounding set, and the way back to them. */
static bool drop_capabilities(void)
{
    capng_clear(CAPNG_SELECT_CAPS);
    if (capng_apply(CAPNG_SELECT_CAPS) != 0)
        return false;
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

static bool nothing_is_left(void)
{
    return capng_get_caps_process() == 0 &&
           capng_have_capabilities(CAPNG_SELECT_CAPS) == CAPNG_NONE &&
           prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

bool privilege_drop(const struct privilege_user *user)
{
    if (!drop_bounding_set())
        analyzer_complain("cannot empty the bounding set: %s", strerror(errno));
    else if (!change_user(user))
        analyzer_complain("cannot become the user %u: %s", (unsigned)user->uid, strerror(errno));
    else if (!drop_capabilities())
        analyzer_complain("cannot give up capabilities: %s", strerror(errno));
    else if (!nothing_is_left())
        analyzer_complain("capabilities are left after all were given up");
    else
        return true;
    return false;
}
