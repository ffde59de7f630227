/* Hooked calls before any constructor: from the preinit array, from a linked library's constructor,
 * from the program's own. */
#include "calls.h"
#include "early.h"
#include "transcript.h"

static struct early_notes from_preinit, from_constructor;

static void at_preinit(void)
{
    early_try(&from_preinit);
}

__attribute__((section(".preinit_array"), used)) static void (*const preinit)(void) = at_preinit;

__attribute__((constructor(101))) static void at_constructor(void)
{
    early_try(&from_constructor);
}

static void say_notes(const char *when, const struct early_notes *n)
{
    say("%s: socket %d errno %d, sent %zd got %zd, bad descriptor %zd errno %d, file %d closed %d, dup %d",
        when, n->made, n->error_made, n->sent, n->got, n->refused, n->error_refused, n->opened,
        n->closed, n->again);
}

void calls_early(void)
{
    say_notes("preinit", &from_preinit);
    say_notes("library", &early_from_library);
    say_notes("constructor", &from_constructor);
}
