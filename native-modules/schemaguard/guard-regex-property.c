/* SPDX-License-Identifier: MIT */
#include "guard-regex-property.h"

#include <string.h>

/* Long name, short name. PCRE2 knows the short ones only. */
static const char *const categories[][2] = {
    {"Letter", "L"},
    {"Cased_Letter", "L&"},
    {"LC", "L&"},
    {"Uppercase_Letter", "Lu"},
    {"Lowercase_Letter", "Ll"},
    {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"},
    {"Other_Letter", "Lo"},
    {"Mark", "M"},
    {"Combining_Mark", "M"},
    {"Nonspacing_Mark", "Mn"},
    {"Spacing_Mark", "Mc"},
    {"Enclosing_Mark", "Me"},
    {"Number", "N"},
    {"Decimal_Number", "Nd"},
    {"digit", "Nd"},
    {"Letter_Number", "Nl"},
    {"Other_Number", "No"},
    {"Punctuation", "P"},
    {"punct", "P"},
    {"Connector_Punctuation", "Pc"},
    {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"},
    {"Close_Punctuation", "Pe"},
    {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"},
    {"Other_Punctuation", "Po"},
    {"Symbol", "S"},
    {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"},
    {"Modifier_Symbol", "Sk"},
    {"Other_Symbol", "So"},
    {"Separator", "Z"},
    {"Space_Separator", "Zs"},
    {"Line_Separator", "Zl"},
    {"Paragraph_Separator", "Zp"},
    {"Other", "C"},
    {"Control", "Cc"},
    {"cntrl", "Cc"},
    {"Format", "Cf"},
    {"Surrogate", "Cs"},
    {"Private_Use", "Co"},
    {"Unassigned", "Cn"},
};

static const char binaries[] =
    " ASCII ASCII_Hex_Digit AHex Alphabetic Alpha Any Bidi_Control Bidi_C "
    "Bidi_Mirrored Bidi_M Case_Ignorable CI Cased Changes_When_Casefolded CWCF "
    "Changes_When_Casemapped CWCM Changes_When_Lowercased CWL "
    "Changes_When_Titlecased CWT Changes_When_Uppercased CWU Dash "
    "Default_Ignorable_Code_Point DI Deprecated Dep Diacritic Dia Emoji "
    "Emoji_Component EComp Emoji_Modifier EMod Emoji_Modifier_Base EBase "
    "Emoji_Presentation EPres Extended_Pictographic ExtPict Extender Ext "
    "Grapheme_Base Gr_Base Grapheme_Extend Gr_Ext Hex_Digit Hex "
    "IDS_Binary_Operator IDSB IDS_Trinary_Operator IDST ID_Continue IDC ID_Start "
    "IDS Ideographic Ideo Join_Control Join_C Logical_Order_Exception LOE "
    "Lowercase Lower Math Noncharacter_Code_Point NChar Pattern_Syntax Pat_Syn "
    "Pattern_White_Space Pat_WS Quotation_Mark QMark Radical Regional_Indicator "
    "RI Sentence_Terminal STerm Soft_Dotted SD Terminal_Punctuation Term "
    "Unified_Ideograph UIdeo Uppercase Upper Variation_Selector VS White_Space "
    "space XID_Continue XIDC XID_Start XIDS ";

static bool
put(GString *out, bool negated, const char *kind, const char *name)
{
    g_string_append_printf(out, "\\%c{%s%s}", negated ? 'P' : 'p', kind, name);
    return true;
}

static bool
put_category(GString *out, bool negated, const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(categories); i++) {
        if (strcmp(name, categories[i][0]) == 0 ||
            strcmp(name, categories[i][1]) == 0) {
            return put(out, negated, "", categories[i][1]);
        }
    }
    return false;
}

static bool
is_plain_name(const char *name)
{
    for (const char *p = name; *p != '\0'; p++) {
        if (!g_ascii_isalnum(*p) && *p != '_') {
            return false;
        }
    }
    return *name != '\0';
}

bool
guard_regex_property(const char *name, size_t length, bool negated, GString *out)
{
    g_autofree char *text = g_strndup(name, length);
    char *equals = strchr(text, '=');
    if (equals != NULL) {
        *equals = '\0';
        const char *value = equals + 1;
        if (!is_plain_name(value)) {
            return false;
        }
        if (strcmp(text, "Script") == 0 || strcmp(text, "sc") == 0) {
            return put(out, negated, "sc:", value);
        }
        if (strcmp(text, "Script_Extensions") == 0 || strcmp(text, "scx") == 0) {
            return put(out, negated, "scx:", value);
        }
        return (strcmp(text, "General_Category") == 0 || strcmp(text, "gc") == 0) &&
               put_category(out, negated, value);
    }
    if (!is_plain_name(text)) {
        return false;
    }
    if (put_category(out, negated, text)) {
        return true;
    }
    if (strcmp(text, "Assigned") == 0) {
        return put(out, !negated, "", "Cn");
    }
    g_autofree char *word = g_strdup_printf(" %s ", text);
    return strstr(binaries, word) != NULL && put(out, negated, "", text);
}
