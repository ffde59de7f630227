/*
 * What a session's folder says of itself beside ring and policy, for `rtcshim sessions` and
 * `rtcshim policy set`:
 *
 *   session.json   {"pid","net","start","command":[...],"run"}: who made it, written once
 *   policy.json    {"name","vpn","source"}: the policy in force as it was written
 *
 * Both are replaced whole (rename), so that a reader never sees half of one.
 */
#ifndef RTCSHIM_LAUNCHER_SESSION_FILE_H
#define RTCSHIM_LAUNCHER_SESSION_FILE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { SESSION_FILE_BYTES_MAX = 4 * 1024 * 1024 };

#define SESSION_FILE_ABOUT  "session.json"
#define SESSION_FILE_POLICY "policy.json"

/* Write json as folder/name, mode 0600; takes json. 0 or an errno. */
int session_file_write(const char *folder, const char *name, json_t *json);

/* New reference; NULL where it is missing, too large, not this user's or no JSON object. */
json_t *session_file_read(const char *folder, const char *name);

/* The number of this process's network namespace, 0 unknown. */
uint64_t session_file_netns(void);

/*
 * The lock on what is in force: held while a table is published or policy.json replaced. One file
 * descriptor on the folder's `policy`.
 */
int session_policy_open(const char *folder); /* -1 and errno */
/* wait_ms 0: only if it is free now. false: another one holds it. */
bool session_policy_lock(int fd, unsigned wait_ms);
void session_policy_unlock(int fd);

#endif
