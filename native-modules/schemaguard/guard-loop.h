/* SPDX-License-Identifier: MIT */
/* guard-loop.h - references that would never come to an end. */
#pragma once

#include "guard-compile.h"

/* Reports a schema that applies itself to the same value again (by $ref, allOf, ...)
 * without end. Dynamic references are caught by the machine's limit. */
void guard_loop_check(GuardCompiler *compiler, const GuardValue *at);
