/* Sentences about messages and leaks. */
#include "note.h"

#include <string.h>

#include "stun.h"

static void add_text(struct note *note, const struct join *join, enum pseudonym_kind kind,
                     uint32_t index)
{
    const char *text = join_text(join, index);
    if (text)
        note_name(note, kind, text, strlen(text));
    else
        note_say(note, "?");
}

static void add_word(struct note *note, const struct join *join, const char *before, uint32_t index)
{
    const char *text = join_text(join, index);
    if (!text)
        return;
    note_say(note, before);
    note_word(note, text, strlen(text));
}

/* firefox-esr[117 socket] */
static void add_process(struct note *note, const struct join *join, uint32_t index)
{
    if (index >= join->process_count) {
        note_say(note, "unknown process");
        return;
    }
    const struct join_process *process = &join->processes[index];
    const char *role = join_text(join, process->role);
    add_text(note, join, PSEUDONYM_PROGRAM, process->name);
    note_add(note, "[%u", process->pid);
    if (role) {
        note_say(note, " ");
        note_word(note, role, strlen(role));
    }
    note_say(note, "]");
}

static const char *action_name(uint8_t action)
{
    static const char *const names[] = {
        [JOIN_ALLOW] = "allow", [JOIN_DENY] = "deny", [JOIN_PIN] = "pin", [JOIN_HIDE] = "hide"};
    return action < sizeof(names) / sizeof(names[0]) ? names[action] : "?";
}

static void add_policy(struct note *note, const struct join *join, const struct join_act *act)
{
    if (!join_text(join, act->rule))
        return;
    note_say(note, ", policy ");
    add_text(note, join, PSEUDONYM_POLICY, act->rule);
    note_add(note, " %s", action_name(act->action));
}

static void add_numbers(struct note *note, const struct join_message *message)
{
    if (message->seq != 0)
        note_add(note, " (event %u", message->seq);
    if (message->frame != 0)
        note_add(note, "%sframe %u", message->seq != 0 ? ", " : " (", message->frame);
    if (message->seq != 0 || message->frame != 0)
        note_say(note, ")");
}

/* By whom, by what call, with what outcome. */
static void add_outcome(struct note *note, const struct join *join,
                        const struct join_message *message)
{
    const struct join_act *act = join_act_of(join, message);
    add_process(note, join, act->process);
    add_word(note, join, " ", act->call);
    note_add(note, ", %s", join_outcome_name((enum join_outcome)message->outcome));
    add_numbers(note, message);
    add_policy(note, join, act);
    add_word(note, join, ", ", act->error);
}

static uint32_t owner_of(const struct join *join, const struct join_message *message)
{
    const struct join_act *act = join_act_of(join, message);
    const struct join_exchange *exchange = &join->exchanges[message->exchange];
    return act->process != JOIN_NONE ? act->process : join->flows[exchange->flow].owner;
}

void note_packet(struct note *note, const struct join *join, const struct join_message *message)
{
    const struct join_act *act = join_act_of(join, message);

    if (message->outcome == JOIN_UNREAD) {
        note_add(note, "rtcshim: %s, no process of the run has read it",
                 join_outcome_name(JOIN_UNREAD));
        add_numbers(note, message);
        return;
    }
    if (message->outcome == JOIN_UNSEEN) {
        const char *doubt = join->exchanges[message->exchange].doubtful ? " (doubtful)" : "";
        note_add(note, "rtcshim: UNSEEN%s, on the wire without an event of the shim", doubt);
        add_numbers(note, message);
        note_say(note, ", from ");
        add_process(note, join, owner_of(join, message));
        return;
    }
    note_add(note, "rtcshim: %s", message->outcome == JOIN_BLOCKED_ON_WIRE ? "FAULT, " : "");
    add_outcome(note, join, message);
    const char *asked = join_text(join, act->iface), *took = join_text(join, message->wire_iface);
    if (message->out && asked && took && strcmp(asked, took) != 0) {
        note_say(note, ", expected on ");
        note_name(note, PSEUDONYM_IFACE, asked, strlen(asked));
    }
}

/* "binding request" */
static void add_type(struct note *note, const struct join_message *message)
{
    uint16_t type = message->type;
    uint16_t method = (uint16_t)((type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80));
    enum stun_class cls = (enum stun_class)((type >> 4 & 1) | (type >> 7 & 2));
    const char *name = stun_method_name(method);
    if (type == 0)
        note_say(note, "channel data");
    else if (name)
        note_add(note, "%s %s", name, stun_class_name(cls));
    else
        note_add(note, "method 0x%03x %s", method, stun_class_name(cls));
}

enum note_priority note_message(struct note *note, const struct join *join,
                                const struct join_message *message)
{
    const struct join_flow *flow = &join->flows[join->exchanges[message->exchange].flow];
    const struct join_act *act = join_act_of(join, message);
    static const enum note_priority priorities[JOIN_OUTCOME_COUNT] = {
        [JOIN_UNREAD] = NOTE_INFO,           [JOIN_CONFIRMED] = NOTE_INFO,
        [JOIN_NOT_CAPTURED] = NOTE_INFO,     [JOIN_BLOCKED] = NOTE_NOTICE,
        [JOIN_BLOCKED_ABSENT] = NOTE_NOTICE, [JOIN_NOT_ON_WIRE] = NOTE_WARNING,
        [JOIN_UNSEEN] = NOTE_WARNING,        [JOIN_BLOCKED_ON_WIRE] = NOTE_ERROR,
    };

    note_add(note, "rtcshim: %s", message->outcome == JOIN_BLOCKED_ON_WIRE ? "FAULT, " : "");
    add_outcome(note, join, message);
    note_say(note, ": ");
    add_type(note, message);
    note_say(note, " ");
    note_address(note, message->out ? &flow->local : &flow->remote);
    note_say(note, " > ");
    note_address(note, message->out ? &flow->remote : &flow->local);
    note_add(note, " %s", flow->protocol == 6 ? "TCP" : "UDP");
    if (join_text(join, act->iface)) {
        note_say(note, ", ");
        add_text(note, join, PSEUDONYM_IFACE, act->iface);
    }
    return priorities[message->outcome < JOIN_OUTCOME_COUNT ? message->outcome : JOIN_UNSEEN];
}

static void add_learner(struct note *note, const struct join *join, const struct verdict_leak *leak)
{
    if (leak->who == VERDICT_PAGE)
        note_say(note, "the page");
    else if (leak->who == VERDICT_NETWORK)
        note_say(note, "the local network");
    if (leak->who != VERDICT_SERVER)
        return;
    note_address(note, &leak->server);
    note_add(note, " %s", leak->protocol == 6 ? "TCP" : "UDP");
    if (join_text(join, leak->server_name)) {
        note_say(note, " ");
        add_text(note, join, PSEUDONYM_HOST, leak->server_name);
    }
}

void note_leak(struct note *note, const struct join *join, const struct verdict_leak *leak)
{
    note_say(note, "rtcshim: LEAK ");
    if (leak->address.family != NETADDR_NONE)
        note_ip(note, &leak->address);
    else
        note_say(note, "a public address");
    note_say(note, " learned by ");
    add_learner(note, join, leak);
    const char *over = leak->left ? leak->left : leak->iface;
    if (over) {
        note_say(note, " over ");
        note_name(note, PSEUDONYM_IFACE, over, strlen(over));
    }
    if (leak->left && leak->iface) {
        note_say(note, ", an address of ");
        note_name(note, PSEUDONYM_IFACE, leak->iface, strlen(leak->iface));
    }
    note_add(note, ", %s (%s)", leak->sure ? "sure" : "likely",
             reason_name((enum reason)leak->reason));
}
