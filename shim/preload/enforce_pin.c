/*
 * Binding sockets to the interface that a policy wants (SO_BINDTOIFINDEX), and keeping programs
 * from choosing another one.
 *
 * Since Linux 5.7 anybody may bind a socket that is not bound yet; undoing it takes CAP_NET_RAW.
 */
#include "enforce_judge.h"
#include "hides.h"

#include <netinet/in.h>
#include <string.h>

/* The interface that the kernel keeps fd to, 0 none. errno is not kept. */
static uint32_t bound_to(int fd)
{
    int index = 0;
    socklen_t len = sizeof index;

    return getsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, &len) == 0 && index > 0
               ? (uint32_t)index
               : 0;
}

int enforce_pin(int fd, uint32_t ifindex, uint32_t *bound)
{
    int index = (int)ifindex, saved = errno, error = 0;
    fd_word word = fdtab_get(fd);

    /* A copy of the descriptor, or another process, may have bound it; with CAP_NET_RAW the call
     * below would then succeed and take it away. */
    *bound = (word & FD_SHARED) || fd_kind(word) == FD_UNKNOWN ? bound_to(fd) : 0;
    if (*bound == 0 &&
        REAL(setsockopt)(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &index, sizeof index) != 0) {
        error = errno;
        *bound = bound_to(fd);
    }
    if (*bound != 0)
        error = *bound == ifindex ? 0 : EPERM;
    if (error == 0)
        fdtab_change(fd, FD_IFINDEX_MASK, fd_word_of_ifindex(ifindex) | FD_BOUND | FD_PINNED);
    else if (*bound != 0)
        fdtab_change(fd, FD_IFINDEX_MASK, fd_word_of_ifindex(*bound) | FD_BOUND);
    errno = saved;
    return error;
}

bool enforce_judge_socket(int fd, struct policy_subject *subject, struct policy_verdict *verdict)
{
    fd_word word = fdtab_get(fd);
    uint32_t bound;

    /* The kernel asks the scope of an address first, and only then what the socket is bound to. */
    if (subject->server.scope_id != 0)
        subject->ifindex = subject->server.scope_id;
    else if (subject->ifindex == 0 && (word & FD_BOUND))
        subject->ifindex = fd_ifindex(word);
    *verdict = policy_judge(shim.policy, subject);
    if (verdict->action == POLICY_DENY)
        return false;
    if (verdict->action != POLICY_PIN)
        return true;
    if (enforce_pin(fd, verdict->ifindex, &bound) == 0)
        return true;
    if (bound != 0) {
        subject->ifindex = bound;
        *verdict = policy_judge(shim.policy, subject);
        return verdict->action != POLICY_DENY;
    }
    *verdict = enforce_doubt();
    return false;
}

fd_word enforce_word(struct seen *seen)
{
    int saved = errno;

    if (fd_kind(seen->word) == FD_UNKNOWN && inspect_learn(seen)) {
        uint32_t bound = bound_to(seen->fd);
        if (bound) {
            fdtab_change(seen->fd, FD_IFINDEX_MASK, fd_word_of_ifindex(bound) | FD_BOUND);
            seen->word = (seen->word & ~FD_IFINDEX_MASK) | fd_word_of_ifindex(bound) | FD_BOUND;
        }
        errno = saved;
    }
    return seen->word;
}

/* --- the program's own choices ---------------------------------------------------------------- */

bool chooses_way(int level, int name)
{
    switch (level) {
    case SOL_SOCKET:
        return name == SO_BINDTODEVICE || name == SO_BINDTOIFINDEX || name == SO_MARK;
    case IPPROTO_IP:
        return name == IP_UNICAST_IF;
    case IPPROTO_IPV6:
        return name == IPV6_UNICAST_IF || name == IPV6_PKTINFO;
    }
    return false;
}

socklen_t choice_bytes(int level, int name)
{
    if (level == SOL_SOCKET && name == SO_BINDTODEVICE)
        return EVENT_IFNAME_BYTES - 1;
    return level == IPPROTO_IPV6 && name == IPV6_PKTINFO ? sizeof(struct in6_pktinfo) : sizeof(int);
}

/* What an option's value names. */
struct choice {
    bool known;  /* the kernel can read it, and it has the option's form */
    bool none;   /* no interface, no mark: the choice is taken back */
    bool device; /* SO_BINDTODEVICE, SO_BINDTOIFINDEX */
    bool hidden; /* as if it did not exist: ifindex is one that nobody has */
    uint32_t ifindex;
};

static struct choice read_choice(int level, int name, const void *value, socklen_t len)
{
    struct choice choice = {.device = level == SOL_SOCKET && name != SO_MARK};
    bool mark = level == SOL_SOCKET && name == SO_MARK;
    char device[POLICY_IFNAME_BYTES] = "";
    uint32_t number;

    if (level == SOL_SOCKET && name == SO_BINDTODEVICE) {
        if (len > sizeof device - 1)
            len = sizeof device - 1;
        if ((int)len < 0 || (len > 0 && !enforce_readable(value, len)))
            return choice;
        if (len > 0)
            memcpy(device, value, len);
        choice.none = device[0] == '\0';
        choice.ifindex = policy_iface_index(shim.policy, device, sizeof device);
        choice.hidden = !choice.none && hides_anything() && hides_name(device, sizeof device);
    } else if (level == IPPROTO_IPV6 && name == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        if (len < sizeof info || !enforce_readable(value, sizeof info))
            return choice;
        memcpy(&info, value, sizeof info);
        choice.none = info.ipi6_ifindex == 0;
        choice.ifindex = info.ipi6_ifindex;
        choice.hidden = !choice.none && hides_anything() && hides_index(info.ipi6_ifindex);
    } else {
        if (len < sizeof number || !enforce_readable(value, sizeof number))
            return choice;
        memcpy(&number, value, sizeof number);
        if (level != SOL_SOCKET)
            number = be32(value);
        choice.none = number == 0;
        choice.ifindex = mark ? 0 : number;
        choice.hidden = !mark && !choice.none && hides_anything() && hides_index(number);
    }
    choice.known = true;
    /* An interface that the table lacks is certain all the same. */
    if (choice.hidden || (choice.ifindex == 0 && !choice.none && !mark))
        choice.ifindex = ENFORCE_NO_INTERFACE;
    return choice;
}

/* May the binding of fd be changed like this? It may not where the policy made it. */
static bool keeps_pin(int fd, fd_word word, const struct choice *choice)
{
    if (!choice->device || (!choice->none && choice->ifindex == fd_ifindex(word)))
        return true;
    if (word & FD_PINNED)
        return false;
    /* A copy, or a descriptor from elsewhere: whoever bound it is not known. */
    int saved = errno;
    bool bound = ((word & FD_SHARED) || fd_kind(word) == FD_UNKNOWN) && bound_to(fd) != 0;
    errno = saved;
    return !bound;
}

/*
 * The interface is hidden: the kernel is asked about one that nobody has, and what it says is the
 * answer. That is an errno, but for SO_BINDTOIFINDEX and IPV6_PKTINFO, which take any number: the
 * socket is then bound to nothing, and its sends fail as they would.
 */
static int choose_nothing(struct seen *seen, int level, int name, const void *value, socklen_t len)
{
    uint32_t nobody = level == SOL_SOCKET ? ENFORCE_NO_INTERFACE : htonl(ENFORCE_NO_INTERFACE);
    struct in6_pktinfo info;
    int result;

    if (level == SOL_SOCKET && name == SO_BINDTODEVICE) {
        result = REAL(setsockopt)(seen->fd, level, name, "/", 1); /* no interface has that name */
    } else if (level == IPPROTO_IPV6 && name == IPV6_PKTINFO) {
        memcpy(&info, value, sizeof info);
        info.ipi6_ifindex = ENFORCE_NO_INTERFACE;
        result = REAL(setsockopt)(seen->fd, level, name, &info, sizeof info);
    } else {
        result = REAL(setsockopt)(seen->fd, level, name, &nobody, len);
    }
    int error = result == 0 ? 0 : errno;

    if (result == 0 && level == SOL_SOCKET)
        fdtab_change(seen->fd, FD_IFINDEX_MASK | FD_PINNED,
                     fd_word_of_ifindex(ENFORCE_NO_INTERFACE) | FD_BOUND);
    seen->flags = EVENT_OUT;
    struct event event = emit_head(EVENT_SOCKOPT, seen);
    event.arg = (uint32_t)level << 16 | (uint32_t)(name & 0xffff);
    hides_note(&event, error);
    socklen_t takes = choice_bytes(level, name);
    emit_bytes(&event, value, len < takes ? len : takes);
    if (error)
        errno = error;
    return result;
}

bool enforce_setsockopt(enum event_call call, int fd, int level, int name, const void *value,
                        socklen_t len, uint64_t caller, int *result)
{
    if (likely(!chooses_way(level, name)))
        return true;
    struct seen seen = {.call = call, .fd = fd, .word = fdtab_get(fd), .caller = caller};
    struct choice choice = read_choice(level, name, value, len);
    struct policy_verdict verdict;
    fd_word word = seen.word;

    if (!choice.known)
        return true; /* the kernel can't read it either */
    bool pins = (word & FD_PINNED) || enforcing(ENFORCE_SENDS);
    bool keeps = !pins || keeps_pin(fd, word, &choice);
    if (keeps && (word & FD_PINNED) && choice.device) {
        *result = 0; /* it is bound to that one already; only the program does not know */
        return false;
    }
    bool judged = !choice.none && enforcing(POLICY_DEVICE);
    verdict = enforce_doubt();
    bool goes = keeps;
    if (judged) {
        const struct netaddr none = {0};
        struct policy_subject subject;
        enforce_subject(&subject, POLICY_DEVICE, word, 0, &none, &none, choice.ifindex);
        struct policy_verdict of_device = policy_judge(shim.policy, &subject);
        /* PIN: a mark leads anywhere, and not everywhere is allowed. */
        goes = keeps && of_device.action == POLICY_ALLOW;
        if (of_device.action == POLICY_DENY)
            verdict = of_device;
    }
    if (goes && choice.hidden) {
        *result = choose_nothing(&seen, level, name, value, len);
        return false;
    }
    if (goes)
        return true;
    int refusal = enforce_refusal(&verdict, POLICY_DEVICE, word);
    struct iovec iov = {(void *)(uintptr_t)value, len};
    socklen_t takes = choice_bytes(level, name);
    struct span data = {&iov, 1, 0, len < takes ? len : takes};
    enforce_tell(EVENT_SOCKOPT, &seen, &verdict, refusal, &data, 0,
                 (uint32_t)level << 16 | (uint32_t)(name & 0xffff));
    *result = refusal ? -1 : 0;
    if (refusal)
        errno = refusal;
    return false;
}
