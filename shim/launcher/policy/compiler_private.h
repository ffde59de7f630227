/* The compiler's state. For compiler.c, compiler_network.c and compiler_hidden.c alone. */
#ifndef RTCSHIM_LAUNCHER_COMPILER_PRIVATE_H
#define RTCSHIM_LAUNCHER_COMPILER_PRIVATE_H

#include "compiler.h"
#include "role.h"

struct compiler {
    const struct program *program;
    const struct compiler_options *options;
    struct policy_table *table;
    struct compiler_report *report;
    int32_t refusal; /* of `refuse with`, for the rules below it */
};

__attribute__((format(printf, 2, 3))) void compiler_note(struct compiler *c, const char *format,
                                                         ...);

/* Slots, addresses and resolvers of the table. */
void compiler_put_network(struct compiler *c);

/* The list of interfaces speaks of `default`, and the families' default routes differ. */
bool compiler_ifaces_by_family(const struct compiler *c, const struct program_statement *s);

/* Does the list name this interface? family: 0 both. NULL is an interface that is not known: it has
 * no name and no kind. */
bool compiler_iface_matches(const struct compiler *c, const struct program_statement *s,
                            uint8_t family, const struct netview_iface *iface);

/* Fill iface_not and ifaces of rule. */
void compiler_put_ifaces(struct compiler *c, const struct program_statement *s, uint8_t family,
                         struct policy_rule *rule);

/* What is hidden, of each interface and address. */
void compiler_put_hidden(struct compiler *c);

#endif
