/*
 * The program `enforce`: each section puts a policy in force, in its own session's file, makes
 * calls that the policy speaks of, and holds results, errno and what left on which interface
 * against what must be. The records that must come of it are said as expected.h has it.
 *
 * It runs in a network namespace with eth0 and tun0 (enforce.sh), whose packets it sees through
 * packet sockets of its own: what left is what they saw.
 */
#ifndef RTCSHIM_TESTS_ENFORCE_H
#define RTCSHIM_TESTS_ENFORCE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "expected.h"
#include "policy.h"

#define ETH0_IPV4 "192.168.1.23"
#define ETH0_IPV6 "2001:db8:1::23"
#define TUN0_IPV4 "10.8.0.2"
/* A split route leads there through eth0; everything else goes through tun0, IPv6 through eth0. */
#define SERVER_ON_ETH0 "198.51.100.10"
#define SERVER_ON_TUN0 "203.0.113.10"
#define SERVER_IPV6    "2001:db8:ffff::10"

enum { SLOT_LO, SLOT_ETH0, SLOT_TUN0, SLOTS };
extern uint32_t ifindex_of[SLOTS];

/* Say what is wrong and make the program fail; the section goes on. */
void check_true(bool good, const char *what, int line);
#define MUST(what) check_true((what), #what, __LINE__)
/* The call fails with that errno, or gives that result. */
void check_fails(long result, int error, const char *what, int line);
#define FAILS(error, call) check_fails((errno = 0, (call)), (error), #call, __LINE__)
void check_gives(long result, long wanted, const char *what, int line);
#define GIVES(wanted, call) check_gives((errno = 0, (call)), (wanted), #call, __LINE__)

/* A policy without rules over the interfaces that are there: allows everything. */
void policy_new(void);
/* The next rule, zeros but for its topic and action. */
struct policy_rule *rule_add(unsigned topic, enum policy_action action);
/* It holds for every interface but this one. */
void rule_not_via(struct policy_rule *rule, unsigned slot);
void rule_via(struct policy_rule *rule, unsigned slot);
void rule_to(struct policy_rule *rule, const char *ip, unsigned bits);
/* Hide an interface and its addresses. */
void policy_hide(unsigned slot);
/* Show the decoy instead of its addresses. */
void policy_mask(unsigned slot);
/* An IPv4 address of an interface that exists in the policy alone. */
void policy_address(unsigned slot, const char *ip, bool hidden);
extern struct policy_table policy_next;
void policy_in_force(void);
/* policy_new, one rule, in force. */
void only_rule(unsigned topic, enum policy_action action);

/* Packets that have left on the interface since the last question and have these bytes in them. */
unsigned left_on(unsigned slot, const void *bytes, size_t len);
unsigned stun_left_on(unsigned slot);
/* Forget what left so far. */
void nothing_left_yet(void);

struct sockaddr_storage address(const char *ip, uint16_t port, socklen_t *len);
int udp_to(const char *ip, uint16_t port);
/* How many datagrams wait there; they are taken. */
unsigned arrived(int fd);
/* Drop CAP_NET_RAW for good. */
void be_ordinary(void);
/* The interface that a socket is bound to. */
uint32_t bound_to(int fd);

#define SECTION(name) void name(void);
#include "enforce_sections.def"
#undef SECTION

#endif
