/* The parsed policy: freeing, comparing and asking it. */
#include "program.h"

#include <stdlib.h>
#include <string.h>

static void statement_free(struct program_statement *s)
{
    for (size_t i = 0; i < s->ifaces; i++)
        free(s->iface[i].text);
    for (size_t i = 0; i < s->servers; i++)
        free(s->server[i].name);
    free(s->iface);
    free(s->server);
    free(s->port);
    free(s->method);
}

void program_free(struct program *program)
{
    if (!program)
        return;
    for (size_t i = 0; i < program->count; i++)
        statement_free(&program->statement[i]);
    free(program->statement);
    memset(program, 0, sizeof(*program));
}

void program_drop_last(struct program *program)
{
    statement_free(&program->statement[--program->count]);
}

bool program_restricts(const struct program *program)
{
    for (size_t i = 0; i < program->count; i++) {
        const struct program_statement *s = &program->statement[i];
        if (s->verb == PROGRAM_DENY || s->verb == PROGRAM_HIDE ||
            (s->verb == PROGRAM_DEFAULT && s->action == POLICY_DENY))
            return true;
    }
    return false;
}

bool program_is_qualified(const struct program_statement *s)
{
    return s->ifaces || s->servers || s->ports || s->methods || s->classes || s->transports ||
           s->proxied || s->family || s->roles;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_lists(const struct program_statement *a, const struct program_statement *b)
{
    if (a->ifaces != b->ifaces || a->servers != b->servers || a->ports != b->ports ||
        a->methods != b->methods)
        return false;
    for (size_t i = 0; i < a->ifaces; i++)
        if (a->iface[i].kind != b->iface[i].kind || a->iface[i].is_not != b->iface[i].is_not ||
            !same_text(a->iface[i].text, b->iface[i].text))
            return false;
    for (size_t i = 0; i < a->servers; i++)
        if (a->server[i].is_not != b->server[i].is_not || a->server[i].bits != b->server[i].bits ||
            !same_text(a->server[i].name, b->server[i].name) ||
            !netaddr_same_ip(&a->server[i].prefix, &b->server[i].prefix))
            return false;
    for (size_t i = 0; i < a->ports; i++)
        if (a->port[i].min != b->port[i].min || a->port[i].max != b->port[i].max)
            return false;
    for (size_t i = 0; i < a->methods; i++)
        if (a->method[i] != b->method[i])
            return false;
    return true;
}

bool program_same(const struct program *a, const struct program *b)
{
    if (a->count != b->count || a->uses_vpn != b->uses_vpn)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct program_statement *x = &a->statement[i];
        const struct program_statement *y = &b->statement[i];
        if (x->verb != y->verb || x->action != y->action || x->topics != y->topics ||
            x->classes != y->classes || x->transports != y->transports ||
            x->proxied != y->proxied || x->family != y->family ||
            x->refusal_given != y->refusal_given || x->refusal != y->refusal ||
            x->roles != y->roles || x->masks != y->masks || !same_lists(x, y))
            return false;
    }
    return true;
}
