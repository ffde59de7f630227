/* Names the rules of policies that were in force. */
#include "history.h"

#include <stdio.h>
#include <string.h>

/* Into an ascending list without repeats. */
static void add_line(uint16_t list[static HISTORY_HIDE_LINES_MAX], uint16_t line)
{
    size_t i = 0;

    if (line == 0)
        return;
    while (i < HISTORY_HIDE_LINES_MAX && list[i] != 0 && list[i] < line)
        i++;
    if (i == HISTORY_HIDE_LINES_MAX || list[i] == line)
        return;
    memmove(&list[i + 1], &list[i], (HISTORY_HIDE_LINES_MAX - 1 - i) * sizeof list[0]);
    list[i] = line;
}

void history_add(struct history *history, uint32_t generation, const struct policy_table *table)
{
    struct history_entry *e = &history->entry[history->next];

    history->next = (history->next + 1) % HISTORY_MAX;
    memset(e, 0, sizeof *e);
    e->used = true;
    e->generation = generation;
    e->rules = table->rules < POLICY_RULES_MAX ? table->rules : POLICY_RULES_MAX;
    memcpy(e->name, table->name, sizeof e->name - 1);
    for (uint32_t i = 0; i < e->rules; i++)
        e->line[i] = table->rule[i].line;
    for (uint32_t i = 0; i < table->ifaces && i < POLICY_IFACES_MAX; i++)
        if (table->iface[i].hidden)
            add_line(e->hide_line, table->iface[i].line);
}

static const struct history_entry *find(const struct history *history, uint32_t generation)
{
    for (size_t i = 0; i < HISTORY_MAX; i++)
        if (history->entry[i].used && history->entry[i].generation == generation)
            return &history->entry[i];
    return NULL;
}

static void name_hide(const struct history_entry *e, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "%s:", e->name);

    for (size_t i = 0; i < HISTORY_HIDE_LINES_MAX && e->hide_line[i] != 0 && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%u", i ? "," : "", e->hide_line[i]);
    if (e->hide_line[0] == 0 && used < size)
        (void)snprintf(out + used, size - used, "default");
}

bool history_knows(const struct history *history, uint32_t generation)
{
    return find(history, generation) != NULL;
}

void history_name(const struct history *history, uint32_t generation, uint16_t rule,
                  uint16_t action, char out[static HISTORY_RULE_BYTES])
{
    const struct history_entry *e = find(history, generation);
    const char *name = e ? e->name : "unknown";

    if (rule == POLICY_RULE_DOUBT)
        (void)snprintf(out, HISTORY_RULE_BYTES, "%s:doubt", name);
    else if (e && action == POLICY_HIDE && rule == POLICY_RULE_DEFAULT)
        name_hide(e, out, HISTORY_RULE_BYTES);
    else if (rule == POLICY_RULE_DEFAULT)
        (void)snprintf(out, HISTORY_RULE_BYTES, "%s:default", name);
    else if (e && rule < e->rules && e->line[rule] != 0)
        (void)snprintf(out, HISTORY_RULE_BYTES, "%s:%u", name, e->line[rule]);
    else
        (void)snprintf(out, HISTORY_RULE_BYTES, "%s:rule %u", name, rule);
}
