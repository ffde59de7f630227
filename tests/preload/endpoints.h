/*
 * Things that every test program needs: loopback sockets that talk to each other, STUN messages,
 * memory that ends in a hole. A failure to make one ends the program with a message: it is the
 * test's surroundings that are broken then, not the library.
 */
#ifndef RTCSHIM_TESTS_ENDPOINTS_H
#define RTCSHIM_TESTS_ENDPOINTS_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Two UDP sockets on loopback, each connected to the other; family AF_INET or AF_INET6. */
void udp_pair(int fd[static 2], int family);
/* One UDP socket bound to loopback; *addr and *len its address. */
int udp_bound(int family, struct sockaddr_storage *addr, socklen_t *len);
/* A TCP connection over loopback, Nagle off on both ends; fd[0] called connect, fd[1] came from
 * accept. */
void tcp_pair(int fd[static 2], int family);
/* A listening TCP socket on loopback. */
int tcp_listener(int family, struct sockaddr_storage *addr, socklen_t *len);

/* A STUN Binding request of len bytes (20 and up, a multiple of 4), filled by one SOFTWARE
 * attribute where there is room; its transaction id ends in id. */
size_t stun_request(uint8_t *buf, size_t len, uint32_t id);
/* The same with any type: 0x0101 success response. */
size_t stun_message(uint8_t *buf, size_t len, uint16_t type, uint32_t id);
/* A DNS question for stun.example.org, A. */
size_t dns_question(uint8_t *buf, size_t size, uint16_t id);

/* Address of the first byte after len bytes of readable memory that ends exactly there; the byte at
 * the end can't be touched. */
uint8_t *guarded(size_t len);
/* An address that no memory is at; a function so that the compiler does not know. */
void *bad_pointer(void);

/* From here on the system call fails with that error before the kernel has looked at any argument.
 */
void refuse_call(long number, unsigned error);

/* Wait at most 5 s for input; ends the program if none comes. */
void await_input(int fd);
/* Wait for a child and say how it ended, or that there is none. */
void await_child(const char *what, int pid);
void fail(const char *what);

#endif
