/* SPDX-License-Identifier: MIT */
#include "guard-format.h"

#include "guard-format-private.h"
#include "guard-pattern.h"

#include <string.h>

static const struct {
    const char *name;
    GuardFormat format;
    GuardDraft since;
} formats[] = {
    {"date", GUARD_FORMAT_DATE, GUARD_DRAFT_7},
    {"date-time", GUARD_FORMAT_DATE_TIME, GUARD_DRAFT_4},
    {"duration", GUARD_FORMAT_DURATION, GUARD_DRAFT_2019},
    {"email", GUARD_FORMAT_EMAIL, GUARD_DRAFT_4},
    {"hostname", GUARD_FORMAT_HOSTNAME, GUARD_DRAFT_7},
    {"hostname", GUARD_FORMAT_HOSTNAME_OLD, GUARD_DRAFT_4},
    {"idn-email", GUARD_FORMAT_IDN_EMAIL, GUARD_DRAFT_7},
    {"idn-hostname", GUARD_FORMAT_IDN_HOSTNAME, GUARD_DRAFT_7},
    {"ipv4", GUARD_FORMAT_IPV4, GUARD_DRAFT_4},
    {"ipv6", GUARD_FORMAT_IPV6, GUARD_DRAFT_4},
    {"iri", GUARD_FORMAT_IRI, GUARD_DRAFT_7},
    {"iri-reference", GUARD_FORMAT_IRI_REFERENCE, GUARD_DRAFT_7},
    {"json-pointer", GUARD_FORMAT_JSON_POINTER, GUARD_DRAFT_6},
    {"regex", GUARD_FORMAT_REGEX, GUARD_DRAFT_7},
    {"relative-json-pointer", GUARD_FORMAT_RELATIVE_JSON_POINTER, GUARD_DRAFT_7},
    {"time", GUARD_FORMAT_TIME, GUARD_DRAFT_7},
    {"uri", GUARD_FORMAT_URI, GUARD_DRAFT_4},
    {"uri-reference", GUARD_FORMAT_URI_REFERENCE, GUARD_DRAFT_6},
    {"uri-template", GUARD_FORMAT_URI_TEMPLATE, GUARD_DRAFT_6},
    {"uuid", GUARD_FORMAT_UUID, GUARD_DRAFT_2019},
};

GuardFormat
guard_format_find(const char *name, size_t length, GuardDraft draft)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strlen(formats[i].name) == length &&
            memcmp(formats[i].name, name, length) == 0 && draft >= formats[i].since) {
            return formats[i].format;
        }
    }
    return GUARD_FORMAT_NONE;
}

const char *
guard_format_nearest(const char *name, size_t length, GuardDraft draft)
{
    GuardSpelling near = GUARD_SPELLING(name, length);
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (draft >= formats[i].since) {
            guard_spelling_try(&near, formats[i].name, strlen(formats[i].name));
        }
    }
    return near.best;
}

bool
guard_format_check(GuardFormat format, const char *text, size_t length)
{
    static bool (*const checks[GUARD_FORMAT_COUNT])(const char *, size_t) = {
        [GUARD_FORMAT_DATE] = guard_format_date,
        [GUARD_FORMAT_DATE_TIME] = guard_format_date_time,
        [GUARD_FORMAT_DURATION] = guard_format_duration,
        [GUARD_FORMAT_EMAIL] = guard_format_email,
        [GUARD_FORMAT_HOSTNAME] = guard_format_hostname,
        [GUARD_FORMAT_HOSTNAME_OLD] = guard_format_hostname_old,
        [GUARD_FORMAT_IDN_EMAIL] = guard_format_idn_email,
        [GUARD_FORMAT_IDN_HOSTNAME] = guard_format_idn_hostname,
        [GUARD_FORMAT_IPV4] = guard_format_ipv4,
        [GUARD_FORMAT_IPV6] = guard_format_ipv6,
        [GUARD_FORMAT_IRI] = guard_format_iri,
        [GUARD_FORMAT_IRI_REFERENCE] = guard_format_iri_reference,
        [GUARD_FORMAT_JSON_POINTER] = guard_format_json_pointer,
        [GUARD_FORMAT_REGEX] = guard_pattern_is_valid,
        [GUARD_FORMAT_RELATIVE_JSON_POINTER] = guard_format_relative_json_pointer,
        [GUARD_FORMAT_TIME] = guard_format_time,
        [GUARD_FORMAT_URI] = guard_format_uri,
        [GUARD_FORMAT_URI_REFERENCE] = guard_format_uri_reference,
        [GUARD_FORMAT_URI_TEMPLATE] = guard_format_uri_template,
        [GUARD_FORMAT_UUID] = guard_format_uuid,
    };
    return format == GUARD_FORMAT_NONE || checks[format](text, length);
}
