/* SPDX-License-Identifier: MIT */
/* guard-format-private.h - the checks behind guard_format_check(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* guard-format-time.c: RFC 3339 and ISO 8601 durations. */
bool guard_format_date(const char *text, size_t length);
bool guard_format_date_time(const char *text, size_t length);
bool guard_format_time(const char *text, size_t length);
bool guard_format_duration(const char *text, size_t length);

/* guard-format-net.c: RFC 1123, 2673, 4291, 5321, 4122. */
bool guard_format_email(const char *text, size_t length);
bool guard_format_idn_email(const char *text, size_t length);
bool guard_format_hostname(const char *text, size_t length);
/* RFC 1034 and 1123 alone, as the old drafts have it: "a--b" is a label. */
bool guard_format_hostname_old(const char *text, size_t length);
bool guard_format_ipv4(const char *text, size_t length);
bool guard_format_ipv6(const char *text, size_t length);
bool guard_format_uuid(const char *text, size_t length);

/* guard-format-idn.c: RFC 5890-5893. */
bool guard_format_idn_hostname(const char *text, size_t length);
/* The domain of an address (RFC 6531): labels need no normal form. */
bool guard_format_idn_domain(const char *text, size_t length);

/* guard-format-uri.c: RFC 3986, 3987, 6570, 6901. */
bool guard_format_uri(const char *text, size_t length);
bool guard_format_uri_reference(const char *text, size_t length);
bool guard_format_iri(const char *text, size_t length);
bool guard_format_iri_reference(const char *text, size_t length);
bool guard_format_uri_template(const char *text, size_t length);
bool guard_format_json_pointer(const char *text, size_t length);
bool guard_format_relative_json_pointer(const char *text, size_t length);
