/*
 * Gives up all privilege for good.
 *
 * To be done in the only thread, before others are made: Linux keeps credentials for each thread.
 */
#ifndef RTCSHIM_ANALYZER_PRIVILEGE_H
#define RTCSHIM_ANALYZER_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

struct privilege_user {
    uid_t uid; /* (uid_t)-1: stay who we are */
    gid_t gid;
    bool required; /* named by the caller: that it can't be is an error */
    bool owns;     /* a person, to whom new files are given; not "nobody" */
};

/*
 * Whom to become. name as given by the user, or NULL: then root becomes the person that called
 * sudo, else "nobody"; others stay who they are. false, said on standard error: there is no such
 * user.
 */
bool privilege_choose_user(const char *name, struct privilege_user *out);

/* In a setuid or setgid program: be the person that started it, with cap_net_raw and nothing else.
 * In others nothing changes. false, said on standard error. */
bool privilege_become_caller(void);

/*
 * Become that user; drop every capability, also from the bounding and ambient sets; never gain any
 * by exec (no_new_privs). Where the user is not required and this user namespace has no such user,
 * or may not change groups, the process stays who it is.
 *
 * What the process has is asked of the kernel afterwards. false, said on standard error: something
 * is left; then the process must end.
 */
bool privilege_drop(const struct privilege_user *user);

#endif
