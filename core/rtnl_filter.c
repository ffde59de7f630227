/* Editing received rtnetlink datagrams so that nothing hidden is left in them. Linked into the
 * preload library. */
#include "rtnl_filter.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "rtnl_filter_private.h"

enum {
    MSG_HEADER_BYTES = sizeof(struct nlmsghdr),
    ERROR_BYTES = MSG_HEADER_BYTES + sizeof(struct nlmsgerr),
    FLAG_CAPPED = 0x100, /* NLM_F_CAPPED: the request behind an error is its header alone */
};

static size_t aligned(size_t len)
{
    return (len + 3) & ~(size_t)3;
}

/* A message that goes, and that the socket asked for by itself. A port number alone stands also in
 * what others are told of a change that this socket made; nobody changes what is hidden from them.
 */
static bool is_answer(const struct rtnl_msg *msg, const struct rtnl_hides *hides)
{
    return !hides->multicast && (msg->flags & NLM_F_MULTI) == 0 && msg->pid != 0 &&
           msg->pid == hides->port(hides->ctx);
}

static enum rtnl_fate fate_of(enum rtnl_fate fate, const struct rtnl_msg *msg,
                              const struct rtnl_hides *hides)
{
    return fate == RTNL_REMOVED && is_answer(msg, hides) ? RTNL_REFUSED : fate;
}

enum rtnl_fate rtnl_filter_fate(const struct rtnl_msg *msg, const struct rtnl_hides *hides)
{
    size_t len = msg->body_len;
    uint8_t *body = (uint8_t *)(uintptr_t)msg->body; /* not written */

    return fate_of(rtnl_edit_message(msg, body, &len, hides, false), msg, hides);
}

/*
 * What the kernel says of an object that is not there:
 *
 *   nlmsghdr  NLMSG_ERROR, capped     16 bytes
 *   error     negative errno           4
 *   nlmsghdr  the request's           16
 */
static void write_error(uint8_t out[static ERROR_BYTES], const struct rtnl_msg *msg)
{
    const struct rtnl_kind *kind = rtnl_kind_of(msg->type);
    struct nlmsghdr header = {
        .nlmsg_len = ERROR_BYTES,
        .nlmsg_type = NLMSG_ERROR,
        .nlmsg_flags = FLAG_CAPPED,
        .nlmsg_seq = msg->seq,
        .nlmsg_pid = msg->pid,
    };
    struct nlmsgerr error = {
        .error = -(kind ? kind->error : ENODEV),
        .msg =
            {
                .nlmsg_len = MSG_HEADER_BYTES + (kind ? kind->head_bytes : 0u),
                .nlmsg_type = (uint16_t)((msg->type & ~3) + 2), /* RTM_GET* */
                .nlmsg_flags = NLM_F_REQUEST,
                .nlmsg_seq = msg->seq,
                .nlmsg_pid = msg->pid,
            },
    };

    memcpy(out, &header, sizeof(header));
    memcpy(out + sizeof(header), &error, sizeof(error));
}

/* Where the next message of the output goes. */
struct output {
    uint8_t *bytes;
    size_t len; /* written so far, also past room */
    size_t room;
};

/* An error may be larger than its message: the rest of the input moves away from it. What does
 * not fit is lost. */
static void make_way(const struct output *out, size_t *next, size_t *end, size_t want)
{
    size_t have = *next - out->len;

    if (have >= want)
        return;
    size_t by = aligned(want - have);
    size_t fits = *next + by < out->room ? out->room - *next - by : 0;
    size_t rest = *end - *next;
    if (rest > 0 && fits > 0)
        memmove(out->bytes + *next + by, out->bytes + *next, rest < fits ? rest : fits);
    *next += by;
    *end = rest < fits ? *next + rest : *next + fits;
}

static void put(struct output *out, const void *bytes, size_t len)
{
    size_t fits = out->len < out->room ? out->room - out->len : 0;

    memmove(out->bytes + (fits ? out->len : 0), bytes, len < fits ? len : fits);
    out->len += len;
}

void rtnl_filter(uint8_t *bytes, size_t len, size_t room, const struct rtnl_hides *hides,
                 struct rtnl_filtered *out)
{
    struct output to = {.bytes = bytes, .room = room};
    struct rtnl_msg msg;
    size_t pos = 0, end = len;

    *out = (struct rtnl_filtered){0};
    for (size_t at = 0; rtnl_next(bytes, end, &pos, &msg) == RTNL_OK; at = pos) {
        size_t body_len = msg.body_len;
        uint8_t *body = bytes + at + MSG_HEADER_BYTES;
        enum rtnl_fate fate =
            fate_of(rtnl_edit_message(&msg, body, &body_len, hides, true), &msg, hides);
        size_t there = pos - at; /* with its padding, unless that was left out */

        switch (fate) {
        case RTNL_EDITED: {
            uint32_t now = (uint32_t)(MSG_HEADER_BYTES + body_len);
            memcpy(bytes + at, &now, sizeof(now));
            there = aligned(now) < there ? aligned(now) : there;
            memset(bytes + at + now, 0, there - now);
            out->edited++;
            put(&to, bytes + at, there);
            break;
        }
        case RTNL_SHOWN:
            put(&to, bytes + at, there);
            break;
        case RTNL_REFUSED: {
            uint8_t error[ERROR_BYTES];
            write_error(error, &msg);
            make_way(&to, &pos, &end, sizeof(error));
            put(&to, error, sizeof(error));
            out->refused++;
            break;
        }
        case RTNL_REMOVED:
            out->removed++;
            break;
        }
    }
    if (pos < end)
        out->removed++; /* cut or malformed: nobody knows what it tells */
    if (to.len < len)
        memset(bytes + to.len, 0, len - to.len);
    out->len = to.len;
}
