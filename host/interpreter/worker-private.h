/* SPDX-License-Identifier: MIT */
/* worker-private.h - what object and module of `_ferrule_interpreters` share. */
#pragma once

#include "interpreter-private.h"

/* The type of an interpreter with its own GIL, see worker-interpreter.c. */
extern PyType_Spec worker_interpreter_spec;
