/* What the rows of stun_attrs.def, stun_methods.def and stun_errors.def say, looked up by number.
 */
#include "stun.h"

/* The row's place in attr_rows. */
enum attr_row {
#define STUN_ATTR(ident, number, name, form, source) ROW_##ident,
#include "stun_attrs.def"
#undef STUN_ATTR
};

static const struct stun_attr_info attr_rows[] = {
#define STUN_ATTR(ident, number, name, form, source) {number, STUN_FORM_##form, name, source},
#include "stun_attrs.def"
#undef STUN_ATTR
};

/* A switch, because the compiler then refuses a number that two rows claim. */
const struct stun_attr_info *stun_attr_info(uint16_t type)
{
    switch (type) {
#define STUN_ATTR(ident, number, name, form, source)                                               \
    case number:                                                                                   \
        return &attr_rows[ROW_##ident];
#include "stun_attrs.def"
#undef STUN_ATTR
    default:
        return NULL;
    }
}

static const struct stun_attr_info ms_attr_rows[] = {
#define STUN_MS_ATTR(ident, number, name, form, source) {number, STUN_FORM_##form, name, source},
#include "stun_ms.def"
#undef STUN_MS_ATTR
};

const struct stun_attr_info *stun_msg_attr_info(const struct stun_msg *msg, uint16_t type)
{
    for (size_t i = 0; msg->ms_turn && i < sizeof(ms_attr_rows) / sizeof(ms_attr_rows[0]); i++)
        if (ms_attr_rows[i].type == type)
            return &ms_attr_rows[i];
    return stun_attr_info(type);
}

const char *stun_msg_method_name(const struct stun_msg *msg)
{
    if (!msg->ms_turn)
        return stun_method_name(msg->method);
    switch (msg->method) {
#define STUN_MS_METHOD(number, name)                                                               \
    case number:                                                                                   \
        return name;
#include "stun_ms.def"
#undef STUN_MS_METHOD
    default:
        return stun_method_name(msg->method);
    }
}

const char *stun_method_name(uint16_t method)
{
    switch (method) {
#define STUN_METHOD(ident, number, name, source)                                                   \
    case number:                                                                                   \
        return name;
#include "stun_methods.def"
#undef STUN_METHOD
    default:
        return NULL;
    }
}

const char *stun_error_name(uint16_t code)
{
    switch (code) {
#define STUN_ERROR(number, name, source)                                                           \
    case number:                                                                                   \
        return name;
#include "stun_errors.def"
#undef STUN_ERROR
    default:
        return NULL;
    }
}

const char *stun_candidate_type(uint32_t priority)
{
    switch (priority >> 24) {
    case 126:
    case 90: /* libwebrtc's host candidates over TCP */
        return "host";
    case 110:
    case 80: /* libwebrtc's, over TCP */
        return "prflx";
    case 100:
        return "srflx";
    case 0:
    case 1: /* libwebrtc's relays by the transport to the server: 0 TLS, 1 TCP, 2 UDP */
    case 2:
        return "relay";
    default:
        return NULL;
    }
}

const char *stun_class_name(enum stun_class cls)
{
    switch (cls) {
    case STUN_REQUEST:
        return "request";
    case STUN_INDICATION:
        return "indication";
    case STUN_SUCCESS_RESPONSE:
        return "success";
    case STUN_ERROR_RESPONSE:
        return "error";
    }
    return "";
}

const char *stun_status_text(enum stun_status status)
{
    switch (status) {
    case STUN_OK:
        return "the message is whole";
    case STUN_TRUNCATED:
        return "the bytes end before the message or attribute does";
    case STUN_BAD_LENGTH:
        return "a length field contradicts the bytes around it";
    case STUN_NOT_STUN:
        return "this is no STUN message";
    case STUN_BAD_VALUE:
        return "an attribute's value is malformed for its type";
    case STUN_NO_ROOM:
        return "the buffer is too small for the message";
    case STUN_END:
        return "there are no more attributes";
    }
    return "unknown status";
}
