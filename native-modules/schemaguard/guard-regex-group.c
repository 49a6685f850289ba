/* SPDX-License-Identifier: MIT */
/* Groups, references to them, and looks around. */
#include "guard-regex-private.h"

/* A group of its own: PCRE2's JIT code (10.42) lets `\1+` fail where the group is not
 * set. */
#define REFERENCE "(?:" GUARD_REGEX_CHECK "\\g{%u})"

static void
not_supported(Parser *self, size_t offset, const char *message)
{
    if (self->result->message == NULL) {
        self->result->message = message;
        self->result->offset = offset;
    }
}

static bool
is_name_part(char c, bool is_first)
{
    return g_ascii_isalpha(c) || c == '_' || c == '$' || (unsigned char)c >= 0x80 ||
           (g_ascii_isdigit(c) && !is_first);
}

/* Returns the name in NAME> at `p`, or NULL. */
static char *
read_name(const Parser *self, const char *p)
{
    const char *start = p;
    while (p < self->end && is_name_part(*p, p == start)) {
        p++;
    }
    bool is_name = p > start && p < self->end && *p == '>';
    return is_name ? g_strndup(start, (gsize)(p - start)) : NULL;
}

static bool
begins_named_group(const char *p, const char *end)
{
    return end - p > 3 && memcmp(p, "(?<", 3) == 0 && p[3] != '=' && p[3] != '!';
}

/* A reference may come before the group that it names. */
void
guard_regex_number_names(Parser *self)
{
    unsigned number = 0;
    bool in_class = false;
    for (const char *p = self->start; p < self->end; p++) {
        bool is_named = begins_named_group(p, self->end);
        if (*p == '\\') {
            p++;
        }
        else if (in_class || *p == '[') {
            in_class = *p != ']';
        }
        else if (is_named || (*p == '(' && (p + 1 == self->end || p[1] != '?'))) {
            number++;
            char *name = is_named ? read_name(self, p + 3) : NULL;
            if (name != NULL) {
                g_hash_table_insert(self->names, name, GUINT_TO_POINTER(number));
            }
        }
    }
}

static bool
put_reference(Parser *self, unsigned number)
{
    Reference reference = {number, (size_t)(self->p - 1 - self->start)};
    g_array_append_val(self->references, reference);
    self->has_checks = true;
    guard_regex_group(self)->width = WIDTH_VARIES;
    g_string_append_printf(self->out, REFERENCE, number);
    return true;
}

bool
guard_regex_take_reference(Parser *self)
{
    const char *p = self->p;
    unsigned number = 0;
    while (p < self->end && g_ascii_isdigit(*p) && number < 10000) {
        number = number * 10 + (unsigned)(*p++ - '0');
    }
    put_reference(self, number);
    self->p = p;
    return true;
}

bool
guard_regex_take_named_reference(Parser *self)
{
    g_autofree char *name =
        looking_at(self, "k<") ? read_name(self, self->p + 2) : NULL;
    if (name == NULL) {
        return fail(self, "\\k needs <a name>");
    }
    unsigned number = GPOINTER_TO_UINT(g_hash_table_lookup(self->names, name));
    if (number == 0) {
        return fail(self, "reference to a group that does not exist");
    }
    put_reference(self, number);
    self->p += strlen("k<>") + strlen(name);
    return true;
}

/* (?= (?! (?<= (?<! */
static Look
take_look(Parser *self)
{
    static const struct {
        const char *text;
        Look look;
    } looks[] = {{"(?=", LOOK_AHEAD},
                 {"(?!", LOOK_AHEAD},
                 {"(?<=", LOOK_BEHIND},
                 {"(?<!", LOOK_NOT_BEHIND}};
    for (size_t i = 0; i < G_N_ELEMENTS(looks); i++) {
        if (looking_at(self, looks[i].text)) {
            g_string_append(self->out, looks[i].text);
            g_string_append(self->out, GUARD_REGEX_CHECK);
            self->p += strlen(looks[i].text);
            self->has_checks = true;
            return looks[i].look;
        }
    }
    return LOOK_NONE;
}

static bool
take_named_group(Parser *self)
{
    g_autofree char *name = read_name(self, self->p + strlen("(?<"));
    if (name == NULL) {
        return fail(self, "a group needs <a name>");
    }
    if (GPOINTER_TO_UINT(g_hash_table_lookup(self->names, name)) != ++self->captures) {
        return fail(self, "another group has this name");
    }
    g_string_append_c(self->out, '(');
    self->p += strlen("(?<>") + strlen(name);
    return true;
}

/* ( (?: (?<name> */
static bool
take_plain_group(Parser *self)
{
    if (looking_at(self, "(?:")) {
        g_string_append(self->out, "(?:");
        self->p += 3;
        return true;
    }
    if (looking_at(self, "(?<")) {
        return take_named_group(self);
    }
    if (looking_at(self, "(?")) {
        return fail(self, "no such group in ECMA-262");
    }
    self->captures++;
    g_string_append_c(self->out, '(');
    self->p++;
    return true;
}

bool
guard_regex_take_group(Parser *self)
{
    if (self->depth == GUARD_REGEX_NESTING_MAX) {
        return fail(self, "groups nested too deeply");
    }
    flush_item(self);
    self->simple = self->can_repeat = false;
    Group group = {.head = self->out->len,
                   .joined = WIDTH_NONE,
                   .captures = self->captures,
                   .references = self->references->len};
    group.look = take_look(self);
    if (group.look == LOOK_NONE && !take_plain_group(self)) {
        return false;
    }
    group.body = self->out->len;
    self->groups[++self->depth] = group;
    return true;
}

/* Those of a lookbehind itself may differ, for PCRE2. */
static void
end_alternative(Group *self)
{
    bool may_differ = self->look >= LOOK_BEHIND && self->joined != WIDTH_VARIES &&
                      self->width != WIDTH_VARIES;
    bool is_same = self->joined == WIDTH_NONE || self->joined == self->width;
    self->joined = is_same || may_differ ? self->width : WIDTH_VARIES;
    self->width = 0;
}

void
guard_regex_next_branch(Parser *self)
{
    flush_item(self);
    end_alternative(guard_regex_group(self));
    self->simple = self->can_repeat = false;
    g_string_append_c(self->out, '|');
    self->p++;
}

/* ECMA-262 reads what is in a lookbehind from right to left, which shows in what groups
 * catch. */
static void
check_references(Parser *self, const Group *group, bool is_wide)
{
    for (guint i = group->references; i < self->references->len; i++) {
        const Reference *reference = &g_array_index(self->references, Reference, i);
        bool is_inside =
            reference->number > group->captures && reference->number <= self->captures;
        if (is_wide || is_inside) {
            not_supported(self, reference->offset,
                          "a reference in a lookbehind is not supported where that has "
                          "a variable width or the group is in it, too");
        }
    }
}

/* Groups stay, without a body, for others are counted. */
void
guard_regex_cut(Parser *self, gsize from, unsigned captures)
{
    self->has_iterator &= self->first_iterator < from;
    g_string_truncate(self->out, from);
    for (unsigned i = captures; i < self->captures; i++) {
        g_string_append(self->out, "(){0}");
    }
}

/* The lookbehind that ends here goes to `behinds`. */
static void
cut_behind(Parser *self, const Group *group)
{
    GPtrArray *behinds = self->result->behinds;
    if (behinds->len == GUARD_REGEX_BEHINDS_MAX) {
        not_supported(self, (size_t)(self->p - 1 - self->start),
                      "too many lookbehinds of variable width");
        return;
    }
    if (self->has_iterator && self->first_iterator >= group->body) {
        guard_regex_insert_check(self, self->first_iterator);
    }
    Lost lost = {group->captures, self->captures};
    bool is_negated = group->look == LOOK_NOT_BEHIND;
    self->lost[behinds->len] = is_negated ? (Lost){0} : lost;
    g_ptr_array_add(behinds, g_strdup(self->out->str + group->body));
    guard_regex_cut(self, group->head, group->captures);
    g_string_append_printf(
        self->out, is_negated ? "(?!" GUARD_REGEX_BEHIND ")" : GUARD_REGEX_BEHIND,
        behinds->len);
}

bool
guard_regex_close_group(Parser *self)
{
    if (self->depth == 0) {
        return fail(self, "unmatched ')'");
    }
    Group *group = guard_regex_group(self);
    bool is_look = group->look != LOOK_NONE;
    end_alternative(group);
    self->depth--;
    self->p++;
    self->atom = group->head;
    self->atom_body = group->body;
    self->atom_captures = group->captures;
    self->can_repeat = !is_look;
    bool is_wide = group->look >= LOOK_BEHIND && group->joined == WIDTH_VARIES;
    if (group->look >= LOOK_BEHIND) {
        check_references(self, group, is_wide);
    }
    if (is_wide) {
        cut_behind(self, group);
    }
    else {
        g_string_append_c(self->out, ')');
    }
    put_width(self, is_look ? 0 : group->joined);
    return true;
}

bool
guard_regex_check_references(Parser *self)
{
    for (guint i = 0; i < self->references->len; i++) {
        const Reference *reference = &g_array_index(self->references, Reference, i);
        if (reference->number > self->captures) {
            self->p = self->start + reference->offset;
            return fail(self, "reference to a group that does not exist");
        }
        for (guint k = 0; k < self->result->behinds->len; k++) {
            if (reference->number > self->lost[k].after &&
                reference->number <= self->lost[k].last) {
                not_supported(self, reference->offset,
                              "a reference to a group in a lookbehind of variable "
                              "width is not supported");
            }
        }
    }
    return true;
}
