/* What syscall.S and hook_syscall.c share; read by the assembler too, so it holds macros only. */
#ifndef RTCSHIM_PRELOAD_SYSCALL_TABLE_H
#define RTCSHIM_PRELOAD_SYSCALL_TABLE_H

#define HOOK_SYSCALL_NUMBERS 512

#endif
