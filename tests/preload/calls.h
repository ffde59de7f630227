/* The sections of the program `calls`, one for each concern. */
#ifndef RTCSHIM_TESTS_CALLS_H
#define RTCSHIM_TESTS_CALLS_H

void calls_early(void);
void calls_send(void);
void calls_send_partial(void);
void calls_sendmmsg(void);
void calls_recv(void);
void calls_recv_flags(void);
void calls_recvmmsg(void);
void calls_interrupted(void);
void calls_socket(void);
void calls_udp_errors(void);
void calls_udp_segments(void);
void calls_mapped(void);
void calls_tcp(void);
void calls_tcp_trunc(void);
void calls_fd(void);
void calls_fcntl(void);
void calls_close_range(void);
void calls_enum(void);
void calls_ioctl(void);
void calls_netlink(void);
void calls_file(void);
void calls_path(void);
void calls_name(void);
void calls_name_back(void);
void calls_bad_fd(void);
void calls_bad_send(void);
void calls_bad_recv(void);
void calls_bad_rest(void);
void calls_page_end(void);
void calls_syscall(void);
void calls_lookup(void);
void calls_absurd_send(void);
void calls_absurd_recv(void);
void calls_absurd_option(void);
void calls_filtered(void);

#endif
