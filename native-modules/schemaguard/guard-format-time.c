/* SPDX-License-Identifier: MIT */
/* date, time, date-time (RFC 3339) and duration (its appendix A). */
#include "guard-format-private.h"

#include <string.h>

/* Reads exactly `digits` digits; -1 if they are not there. */
static int
number(const char **p, const char *end, int digits)
{
    int value = 0;
    for (int i = 0; i < digits; i++, (*p)++) {
        if (*p >= end || **p < '0' || **p > '9') {
            return -1;
        }
        value = value * 10 + (**p - '0');
    }
    return value;
}

static bool
take(const char **p, const char *end, char c)
{
    bool ok = *p < end && **p == c;
    *p += ok;
    return ok;
}

static bool
take_date(const char **p, const char *end)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = number(p, end, 4);
    if (year < 0 || !take(p, end, '-')) {
        return false;
    }
    int month = number(p, end, 2);
    if (month < 1 || month > 12 || !take(p, end, '-')) {
        return false;
    }
    int day = number(p, end, 2);
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

/* A leap second is the last one of a UTC day. */
static bool
take_time(const char **p, const char *end)
{
    int hour = number(p, end, 2);
    bool ok = hour >= 0 && hour <= 23 && take(p, end, ':');
    int minute = ok ? number(p, end, 2) : -1;
    ok = minute >= 0 && minute <= 59 && take(p, end, ':');
    int second = ok ? number(p, end, 2) : -1;
    if (second < 0 || second > 60) {
        return false;
    }
    if (take(p, end, '.')) {
        const char *first = *p;
        while (*p < end && **p >= '0' && **p <= '9') {
            (*p)++;
        }
        if (*p == first) {
            return false;
        }
    }
    int offset = 0;
    if (!take(p, end, 'Z') && !take(p, end, 'z')) {
        int sign = take(p, end, '+') ? 1 : take(p, end, '-') ? -1 : 0;
        int zone_hour = sign != 0 ? number(p, end, 2) : -1;
        if (zone_hour < 0 || zone_hour > 23 || !take(p, end, ':')) {
            return false;
        }
        int zone_minute = number(p, end, 2);
        if (zone_minute < 0 || zone_minute > 59) {
            return false;
        }
        offset = sign * (zone_hour * 60 + zone_minute);
    }
    int utc = (hour * 60 + minute - offset + 2 * 1440) % 1440;
    return second < 60 || utc == 1439;
}

bool
guard_format_date(const char *text, size_t length)
{
    const char *p = text;
    return take_date(&p, text + length) && p == text + length;
}

bool
guard_format_time(const char *text, size_t length)
{
    const char *p = text;
    return take_time(&p, text + length) && p == text + length;
}

bool
guard_format_date_time(const char *text, size_t length)
{
    const char *p = text;
    const char *end = text + length;
    return take_date(&p, end) && (take(&p, end, 'T') || take(&p, end, 't')) &&
           take_time(&p, end) && p == end;
}

/* Reads units of `order` that follow each other without a gap. Returns how many. */
static int
take_units(const char **p, const char *end, const char *order)
{
    int count = 0;
    const char *next = NULL; /* the only unit that may follow */
    while (*p < end && **p >= '0' && **p <= '9') {
        while (*p < end && **p >= '0' && **p <= '9') {
            (*p)++;
        }
        const char *unit = *p < end && **p != '\0' ? strchr(order, **p) : NULL;
        if (unit == NULL || (next != NULL && unit != next)) {
            return -1;
        }
        next = unit + 1;
        (*p)++;
        count++;
    }
    return count;
}

bool
guard_format_duration(const char *text, size_t length)
{
    const char *p = text;
    const char *end = text + length;
    if (!take(&p, end, 'P')) {
        return false;
    }
    if (length >= 3 && end[-1] == 'W') {
        return take_units(&p, end, "W") == 1 && p == end;
    }
    int dates = take_units(&p, end, "YMD");
    if (dates < 0) {
        return false;
    }
    if (!take(&p, end, 'T')) {
        return dates > 0 && p == end;
    }
    return take_units(&p, end, "HMS") > 0 && p == end;
}
