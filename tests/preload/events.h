/*
 * The program `events`: each section makes some calls under a session and says which records must
 * come of them (expected.h). A section that says nothing must leave nothing but its process's own
 * record.
 */
#ifndef RTCSHIM_TESTS_EVENTS_H
#define RTCSHIM_TESTS_EVENTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "expected.h"

/* A STUN record of a message that came or went whole. flags: "out,udp". */
void expect_stun(const char *call, const char *flags, size_t len, uint32_t id);

/* udp_pair(), and the two records of its connects. */
void pair(int fd[static 2], int family);

void events_udp_send(void);
void events_udp_recv(void);
void events_udp_segments(void);
void events_udp_failed(void);
void events_udp_addresses(void);
void events_udp_partial(void);
void events_copies(void);
void events_passed(void);
void events_syscall(void);
void events_tcp_whole(void);
void events_tcp_split(void);
void events_tcp_joined(void);
void events_tcp_framed(void);
void events_tcp_channel(void);
void events_tcp_partial(void);
void events_channel(void);
void events_dns(void);
void events_probe(void);
void events_netlink(void);
void events_enum(void);
void events_ioctl(void);
void events_file(void);
void events_file_roads(void);
void events_file_names(void);
void events_resolver(void);
void events_name(void);
void events_sockopt(void);
void events_fork(void);
void events_vfork(void);
void events_exec(void);
void events_tcp_many(void);
void events_tcp_stray(void);
void events_tcp_empty_frame(void);
void events_tcp_destination(void);
void events_tcp_race(void);
void events_high(void);
void events_stun_ports(void);
void events_unspec(void);
void events_sendmmsg_fails(void);
void events_netlink_cut(void);
void events_silent_child(void);
void events_atfork(void);
void events_vfork_fork(void);
void events_spawn_fails(void);
void events_two_sessions(void);
void events_quiet(void);
void events_quiet_files(void);
void events_quiet_tcp(void);

#endif
