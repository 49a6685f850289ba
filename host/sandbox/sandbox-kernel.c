/* SPDX-License-Identifier: MIT */
/* sandbox-kernel.c - Landlock and seccomp by their system calls (libc has no wrappers
 * for the first, and two filters do not need a library for the second). */
#include "sandbox-private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox.h"

/* Rights that change the file system, by the ABI that brought them. */
#define CHANGES_ABI_1                                                \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | \
     LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
     LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |     \
     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |   \
     LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)
#define CHANGE_REFER    (1ULL << 13) /* rename across folders, ABI 2 */
#define CHANGE_TRUNCATE (1ULL << 14) /* ABI 3 */
/* Rights that a rule for a plain file may carry. */
#define CHANGES_OF_FILES (LANDLOCK_ACCESS_FS_WRITE_FILE | CHANGE_TRUNCATE)

int
sandbox_no_new_privileges(void)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

int
sandbox_landlock_abi(void)
{
    long abi =
        syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return abi < 0 ? 0 : (int)abi;
}

static uint64_t
changes(void)
{
    int abi = sandbox_landlock_abi();
    return CHANGES_ABI_1 | (abi >= 2 ? CHANGE_REFER : 0) |
           (abi >= 3 ? CHANGE_TRUNCATE : 0);
}

static int
allow_below(int ruleset, const char *path, uint64_t rights)
{
    struct landlock_path_beneath_attr rule = {.allowed_access = rights};
    struct stat status;
    rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
    if (rule.parent_fd < 0)
        return -1;
    if (fstat(rule.parent_fd, &status) == 0 && !S_ISDIR(status.st_mode))
        rule.allowed_access &= CHANGES_OF_FILES;
    long result =
        syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(rule.parent_fd);
    return (int)result;
}

int
sandbox_landlock_write(const char *const *folders)
{
    uint64_t rights = changes();
    struct landlock_ruleset_attr attributes = {.handled_access_fs = rights};
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes,
                               sizeof attributes.handled_access_fs, 0);
    if (ruleset < 0)
        return -1;
    int result = allow_below(ruleset, "/dev", rights & CHANGES_OF_FILES);
    for (; result == 0 && *folders != NULL; folders++)
        result = allow_below(ruleset, *folders, rights);
    if (result == 0)
        result = (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
    int reason = errno;
    close(ruleset);
    errno = reason;
    return result;
}

#define LOAD(field) \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define JUMP_IF(value, to_true, to_false) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(value), (to_true), (to_false))
#define ANSWER(action) BPF_STMT(BPF_RET | BPF_K, (uint32_t)(action))

int
sandbox_seccomp_no_network(void)
{
    /* Jumps count the instructions they skip. `domain` is an int: the kernel looks at
     * the low half of the argument only, and so does the filter. */
    struct sock_filter filter[] = {
        /* 0 */ LOAD(arch),
        /* 1 */ JUMP_IF(AUDIT_ARCH_X86_64, 0, 7), /* another ABI: refused */
        /* 2 */ LOAD(nr),
        /* 3 */ JUMP_IF(SYS_io_uring_setup, 5, 0),
        /* 4 */ JUMP_IF(SYS_socket, 0, 3),
        /* 5 */ LOAD(args[0]),
        /* 6 */ JUMP_IF(AF_INET, 2, 0),
        /* 7 */ JUMP_IF(AF_INET6, 1, 0),
        /* 8 */ ANSWER(SECCOMP_RET_ALLOW),
        /* 9 */ ANSWER(SECCOMP_RET_ERRNO | EACCES),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
