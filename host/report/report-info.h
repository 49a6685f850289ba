/* SPDX-License-Identifier: MIT */
/* report-info.h - `ferrule info`: what is in this executable and what this kernel can.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

typedef struct {
    const char *executable;             /* absolute path of this file */
    const char *const *native_modules;  /* name, summary, name, summary, ..., NULL */
    const char *const *builtin_modules; /* names, ends with NULL */
} ReportInfo;

/* Text for a person, or one JSON object. Free with g_free(). */
char *report_info_text(const ReportInfo *info, GError **error);
char *report_info_json(const ReportInfo *info, GError **error);

G_END_DECLS
