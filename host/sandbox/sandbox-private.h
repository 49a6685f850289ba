/* SPDX-License-Identifier: MIT */
/* sandbox-private.h - the kernel mechanisms behind the operations of a plan. Each
 * returns 0, or -1 with errno. */
#pragma once

/* No privilege is gained by execve from here on; the two below require it. */
int sandbox_no_new_privileges(void);

/* Only what is below `folders` (NULL at the end) and /dev may be changed. */
int sandbox_landlock_write(const char *const *folders);

/* New internet sockets, and io_uring that could make them, are refused. */
int sandbox_seccomp_no_network(void);
