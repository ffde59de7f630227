/* Roles as the process table keeps them: as text. */
#include "role_text.h"

#include <stdio.h>
#include <string.h>

void role_of(const char *exe, const char *cmdline, char out[static ROLE_BYTES])
{
    enum role role = role_find(exe, cmdline, cmdline ? strlen(cmdline) : 0);

    (void)snprintf(out, ROLE_BYTES, "%s", role_name(role));
}

bool role_is_generic(const char *role)
{
    static const char *const generic[] = {"zygote", "forkserver", "child", ""};

    for (size_t i = 0; i < sizeof(generic) / sizeof(generic[0]); i++)
        if (strcmp(role, generic[i]) == 0)
            return true;
    return false;
}
