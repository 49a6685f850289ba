/* SPDX-License-Identifier: MIT */
/* guard-compile-quick.h - writes the parts of guard-quick.h for all nodes. */
#pragma once

#include "guard-compile.h"

/* Sets `quick` of the nodes it has parts for; the bytes belong to the caller. */
GByteArray *guard_compile_quick(GuardCompiler *compiler);

/* The part of the root node if it is an object's, else 0. */
GuardRef guard_compile_quick_root(const GuardCompiler *compiler,
                                  const GByteArray *quick, GuardRef root);
