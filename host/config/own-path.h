/* SPDX-License-Identifier: MIT */
/* own-path.h - where the file of this process is: the root of the standard library, and
 * sys.executable. */
#pragma once

/* An absolute path; free with g_free(). */
char *own_path_find(void);
