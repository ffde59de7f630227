/* Fuzz the policy language: whatever parses prints to the same again, and compiles to a table that
 * is valid and judges in range. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compiler.h"
#include "parser.h"
#include "policy_tables.h"
#include "printer.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static void check_notes(const struct parser_report *report, const char *text, size_t len)
{
    for (size_t i = 0; i < report->notes; i++) {
        const struct parser_note *n = &report->note[i];
        const char *start = text;
        if (n->line == 0 || n->column == 0 || n->message[0] == '\0')
            abort();
        if (parser_line(text, len, n->line, &start) > len)
            abort();
    }
}

static void check_printing(const struct program *program)
{
    static char text[PROGRAM_BYTES_MAX];
    static struct parser_report report;
    struct program again;
    size_t used = 0;

    for (size_t i = 0; i < program->count; i++) {
        size_t room = sizeof text - used;
        printer_statement(&program->statement[i], text + used, room);
        size_t n = strlen(text + used);
        if (n + 2 >= room)
            return; /* did not fit */
        char sentence[PRINTER_LINE_BYTES];
        printer_sentence(&program->statement[i], sentence, sizeof sentence);
        used += n;
        text[used++] = '\n';
    }
    if (!parser_parse(text, used, &again, &report) || !program_same(program, &again))
        abort();
    program_free(&again);
}

static size_t no_address(const char *name, struct netaddr *out, size_t max, void *ctx)
{
    (void)ctx;
    if (name[0] == 'a' && max > 0) {
        *out = address("198.51.100.10", 0);
        return 1;
    }
    return 0;
}

static void check_compiling(const struct program *program)
{
    static struct netview view;
    static struct policy_table table;
    static struct policy_shared shared;
    static struct compiler_report report;
    static const char *const names[] = {"lo", "eth0", "tun0", "docker0"};
    struct compiler_options options = {
        .name = "fuzz", .vpn = "tun0", .view = &view, .resolve = no_address};

    if (view.ifaces == 0) {
        for (size_t i = 0; i < 4; i++) {
            view.iface[i].ifindex = (uint32_t)(i + 1);
            strcpy(view.iface[i].name, names[i]);
        }
        view.iface[0].loopback = true;
        view.ifaces = 4;
        view.addr[0] = (struct netview_addr){address("10.8.0.2", 0), 24, 3};
        view.addr[1] = (struct netview_addr){address("2001:db8::2", 0), 64, 2};
        view.addrs = 2;
        view.default_inet = 3;
        view.default_inet6 = 2;
    }
    if (!compiler_run(program, &options, &table, &report)) {
        if (report.error[0] == '\0')
            abort();
        return;
    }
    policy_format(&shared);
    policy_publish(&shared, &table);
    if (!policy_valid(&shared, sizeof shared))
        abort();
    for (unsigned topic = 1; topic <= POLICY_CONNECT; topic <<= 1) {
        struct policy_subject subject = {.topic = (uint16_t)topic,
                                         .transport = POLICY_UDP,
                                         .stun_method = 1,
                                         .server = address("198.51.100.10", 3478)};
        struct policy_verdict verdict = policy_judge(&shared, &subject);
        if (verdict.action >= POLICY_ACTION_COUNT || verdict.generation != 1)
            abort();
        /* What is not enforced is never refused. */
        if (verdict.action != POLICY_ALLOW && topic != POLICY_ENUMERATION &&
            (policy_enforced(&shared) & topic) == 0)
            abort();
    }
    for (uint32_t i = 0; i < table.rules; i++) {
        char text[PRINTER_LINE_BYTES];
        printer_rule(&table, i, text, sizeof text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    static struct parser_report report;
    struct program program;
    char *text = malloc(len);

    if (!text)
        return 0;
    memcpy(text, in, len);
    bool ok = parser_parse(text, len, &program, &report);
    if (ok != (report.errors == 0) || (!ok && program.count != 0))
        abort();
    check_notes(&report, text, len);
    if (ok) {
        check_printing(&program);
        check_compiling(&program);
        program_free(&program);
    }
    free(text);
    return 0;
}
