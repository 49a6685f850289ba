/* SPDX-License-Identifier: MIT */
/* Names of tools and tags inside partitions. A plain name stands for itself; any other
 * is the byte 1, the size of the partition's name in decimal, a colon, that name, the
 * rest: what begins with the byte 1 is such a name, and each has one way to be read. */
#include <string.h>

#include "tool-cache.h"

enum {
    SCOPE_MARK = 1,
    SCOPE_DIGITS_MAX = 9
};

char *
tool_cache_scope(const ToolCacheScope *scope, size_t *ret_size)
{
    bool is_marked = scope->tool_size > 0 && scope->tool[0] == SCOPE_MARK;
    if (scope->partition == NULL && !is_marked) {
        *ret_size = scope->tool_size;
        return NULL;
    }
    char head[SCOPE_DIGITS_MAX + 8];
    size_t partition_size = scope->partition != NULL ? scope->partition_size : 0;
    int head_size = g_snprintf(head, sizeof(head),
                               "\1%u:", (unsigned)MIN(partition_size, 999999999));
    *ret_size = (size_t)head_size + partition_size + scope->tool_size;
    char *name = g_malloc(*ret_size + 1);
    memcpy(name, head, (size_t)head_size);
    if (partition_size > 0) {
        memcpy(name + head_size, scope->partition, partition_size);
    }
    memcpy(name + head_size + partition_size, scope->tool, scope->tool_size);
    name[*ret_size] = '\0';
    return name;
}

void
tool_cache_unscope(const char *name, size_t size, ToolCacheScope *ret_scope)
{
    *ret_scope = (ToolCacheScope){.tool = name, .tool_size = size};
    if (size == 0 || name[0] != SCOPE_MARK) {
        return;
    }
    size_t partition_size = 0;
    size_t at = 1;
    while (at < size && at <= SCOPE_DIGITS_MAX && g_ascii_isdigit(name[at])) {
        partition_size = partition_size * 10 + (size_t)(name[at++] - '0');
    }
    if (at >= size || name[at] != ':' || partition_size > size - at - 1) {
        return; /* none of ours, or cut */
    }
    at++;
    if (partition_size > 0) {
        ret_scope->partition = name + at;
        ret_scope->partition_size = partition_size;
    }
    ret_scope->tool = name + at + partition_size;
    ret_scope->tool_size = size - at - partition_size;
}
