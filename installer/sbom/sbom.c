/* SPDX-License-Identifier: MIT */
/* sbom.c - which components are in executables, by the linker's own account.
 *
 *     sbom COMPONENTS OUT MAP...
 *
 * Purpose    writes OUT, an SPDX 2.3 document: one package for each component of which
 *            a MAP, the map of a link, names an object.
 * Input      COMPONENTS is JSON: {"name", "version", "created", "components": [{"name",
 *            "version", "license", "supplier", "objects": [GLOB...], "embedded"}]}; the
 *            first glob that fits an object's path says whose it is. `embedded` says
 *            what comes along without being linked.
 * Errors     an object that is nobody's, and input that cannot be read: said on stderr,
 *            exit code 1. So an executable with an unknown part has no document.
 * Limits     those of a link map: 10 MB and 10,000 objects are read at once.
 */
#include <glib.h>
#include <json-glib/json-glib.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    const char *name, *version, *license, *supplier;
    GPtrArray *globs;     /* of GPatternSpec */
    GPtrArray *objects;   /* of char *, sorted before they are written */
    const char *embedded; /* what it is when it has no object of its own, or NULL */
} Component;

typedef struct {
    JsonObject *input;
    GPtrArray *components; /* of Component, in the order of the file */
    GHashTable *seen;      /* paths of objects, to count each once */
    GString *nobodys;      /* objects without a component */
} Sbom;

/* ---- the components --------------------------------------------------------- */

static void
component_free(Component *self)
{
    g_ptr_array_unref(self->globs);
    g_ptr_array_unref(self->objects);
    g_free(self);
}

static void
add_component(JsonArray *array, guint index, JsonNode *node, gpointer data)
{
    GPtrArray *components = data;
    JsonObject *object = json_node_get_object(node);
    JsonArray *globs = json_object_get_array_member(object, "objects");
    Component *self = g_new0(Component, 1);
    self->name = json_object_get_string_member(object, "name");
    self->version =
        json_object_get_string_member_with_default(object, "version", "NOASSERTION");
    self->license = json_object_get_string_member(object, "license");
    self->supplier = json_object_get_string_member(object, "supplier");
    self->embedded =
        json_object_get_string_member_with_default(object, "embedded", NULL);
    self->globs = g_ptr_array_new_with_free_func((GDestroyNotify)g_pattern_spec_free);
    self->objects = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < json_array_get_length(globs); i++)
        g_ptr_array_add(self->globs,
                        g_pattern_spec_new(json_array_get_string_element(globs, i)));
    g_ptr_array_add(components, self);
}

static Component *
component_of(const Sbom *self, const char *path)
{
    for (guint i = 0; i < self->components->len; i++) {
        Component *component = self->components->pdata[i];
        for (guint k = 0; k < component->globs->len; k++)
            if (g_pattern_spec_match_string(component->globs->pdata[k], path))
                return component;
    }
    return NULL;
}

/* ---- the map ---------------------------------------------------------------- */

static void
add_object(Sbom *self, const char *path)
{
    /* Temporary files of link-time optimisation, made of objects that are named too. */
    if (strstr(path, ".ltrans") != NULL)
        return;
    if (!g_hash_table_add(self->seen, g_strdup(path)))
        return;
    Component *component = component_of(self, path);
    const char *slash = strrchr(path, '/');
    if (component != NULL)
        g_ptr_array_add(component->objects, g_strdup(slash ? slash + 1 : path));
    else
        g_string_append_printf(self->nobodys, "  %s\n", path);
}

/* The object at the start of a line, "ARCHIVE(MEMBER)" or a path that ends with ".o",
 * as the first part of a map has them; the lines of other parts begin otherwise. */
static char *
leading_object(const char *line)
{
    size_t length = strcspn(line, " ");
    bool is_last = line[length] == '\0' || line[length + 1] == ' ' ||
                   line[length + 1] == '(' || line[length + 1] == '\0';
    bool is_path = line[0] == '/' || memchr(line, '/', length) != NULL;
    g_autofree char *word = g_strndup(line, length);
    bool is_member = strstr(word, ".a(") != NULL && g_str_has_suffix(word, ")");
    if (is_path && is_last && (is_member || g_str_has_suffix(word, ".o")))
        return g_steal_pointer(&word);
    return NULL;
}

/* An archive is loaded whether or not something of it is used, a file is linked. */
static void
read_line(Sbom *self, const char *line)
{
    g_autofree char *object = leading_object(line);
    if (object != NULL)
        add_object(self, object);
    else if (g_str_has_prefix(line, "LOAD ") && g_str_has_suffix(line, ".o"))
        add_object(self, line + strlen("LOAD "));
}

static bool
read_map(Sbom *self, const char *path, GError **error)
{
    g_autofree char *text = NULL;
    if (!g_file_get_contents(path, &text, NULL, error))
        return false;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        read_line(self, *line);
    return true;
}

/* ---- the document ----------------------------------------------------------- */

static void
add_string(JsonBuilder *out, const char *name, const char *value)
{
    json_builder_set_member_name(out, name);
    json_builder_add_string_value(out, value);
}

static char *
reference(const char *name)
{
    char *id = g_strdup_printf("SPDXRef-%s", name);
    return g_strcanon(id, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".-", '-');
}

static int
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
write_package(JsonBuilder *out, const char *name, const char *version,
              const char *license, const char *supplier, const char *comment)
{
    g_autofree char *id = reference(name);
    g_autofree char *who = g_strdup_printf("Organization: %s", supplier);
    json_builder_begin_object(out);
    add_string(out, "SPDXID", id);
    add_string(out, "name", name);
    add_string(out, "versionInfo", version);
    add_string(out, "supplier", who);
    add_string(out, "downloadLocation", "NOASSERTION");
    json_builder_set_member_name(out, "filesAnalyzed");
    json_builder_add_boolean_value(out, FALSE);
    add_string(out, "licenseConcluded", license);
    add_string(out, "licenseDeclared", license);
    add_string(out, "copyrightText", "NOASSERTION");
    add_string(out, "comment", comment);
    json_builder_end_object(out);
}

static bool
component_is_in(const Component *self)
{
    return self->embedded != NULL || self->objects->len > 0;
}

static void
write_component(JsonBuilder *out, Component *component)
{
    g_autoptr(GString) comment = g_string_new(NULL);
    if (component->embedded != NULL)
        g_string_assign(comment, component->embedded);
    else
        g_string_printf(comment, "%u linked objects:", component->objects->len);
    for (guint i = 0; i < component->objects->len; i++)
        g_string_append_printf(comment, " %s", (char *)component->objects->pdata[i]);
    write_package(out, component->name, component->version, component->license,
                  component->supplier, comment->str);
}

static void
write_relation(JsonBuilder *out, const char *from, const char *kind, const char *to)
{
    json_builder_begin_object(out);
    add_string(out, "spdxElementId", from);
    add_string(out, "relationshipType", kind);
    add_string(out, "relatedSpdxElement", to);
    json_builder_end_object(out);
}

/* Differs when what is linked does, and does not when only the place of a build does.
 */
static char *
sum_of_contents(const Sbom *self)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    for (guint i = 0; i < self->components->len; i++) {
        Component *component = self->components->pdata[i];
        const char *what = component->embedded == NULL ? "" : component->embedded;
        g_autofree char *head =
            g_strdup_printf("%s\n%s\n%s\n", component->name, component->version, what);
        g_checksum_update(sum, (const guchar *)head, -1);
        g_ptr_array_sort(component->objects, compare_names);
        for (guint k = 0; k < component->objects->len; k++)
            g_checksum_update(sum, component->objects->pdata[k], -1);
    }
    return g_strdup(g_checksum_get_string(sum));
}

static void
write_head(JsonBuilder *out, const Sbom *self, const char *name, const char *version)
{
    g_autofree char *title = g_strdup_printf("%s-%s", name, version);
    g_autofree char *sum = sum_of_contents(self);
    g_autofree char *space = g_strdup_printf("urn:ferrule:sbom:%s:%.32s", title, sum);
    add_string(out, "spdxVersion", "SPDX-2.3");
    add_string(out, "dataLicense", "CC0-1.0");
    add_string(out, "SPDXID", "SPDXRef-DOCUMENT");
    add_string(out, "name", title);
    add_string(out, "documentNamespace", space);
    json_builder_set_member_name(out, "creationInfo");
    json_builder_begin_object(out);
    add_string(out, "created", json_object_get_string_member(self->input, "created"));
    json_builder_set_member_name(out, "creators");
    json_builder_begin_array(out);
    json_builder_add_string_value(out, "Tool: ferrule-sbom");
    json_builder_end_array(out);
    json_builder_end_object(out);
}

static JsonNode *
document(const Sbom *self)
{
    g_autoptr(JsonBuilder) out = json_builder_new();
    const char *name = json_object_get_string_member(self->input, "name");
    const char *version = json_object_get_string_member(self->input, "version");
    g_autofree char *product = g_strdup_printf("%s-executable", name);
    g_autofree char *product_id = reference(product);
    json_builder_begin_object(out);
    write_head(out, self, name, version);
    json_builder_set_member_name(out, "packages");
    json_builder_begin_array(out);
    write_package(out, product, version, "NOASSERTION", "The Ferrule authors",
                  "the executable as it is linked");
    for (guint i = 0; i < self->components->len; i++)
        if (component_is_in(self->components->pdata[i]))
            write_component(out, self->components->pdata[i]);
    json_builder_end_array(out);
    json_builder_set_member_name(out, "relationships");
    json_builder_begin_array(out);
    write_relation(out, "SPDXRef-DOCUMENT", "DESCRIBES", product_id);
    for (guint i = 0; i < self->components->len; i++) {
        Component *component = self->components->pdata[i];
        g_autofree char *id = reference(component->name);
        if (component_is_in(component))
            write_relation(out, product_id,
                           component->embedded != NULL ? "CONTAINS" : "STATIC_LINK",
                           id);
    }
    json_builder_end_array(out);
    json_builder_end_object(out);
    return json_builder_get_root(out);
}

static bool
make(const char *components, const char *path, char **maps, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!json_parser_load_from_file(parser, components, error))
        return false;
    g_autoptr(GPtrArray) rows =
        g_ptr_array_new_with_free_func((GDestroyNotify)component_free);
    g_autoptr(GHashTable) seen =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GString) nobodys = g_string_new(NULL);
    Sbom self = {json_node_get_object(json_parser_get_root(parser)), rows, seen,
                 nobodys};
    json_array_foreach_element(json_object_get_array_member(self.input, "components"),
                               add_component, rows);
    for (char **map = maps; *map != NULL; map++)
        if (!read_map(&self, *map, error))
            return false;
    if (nobodys->len > 0 || g_hash_table_size(seen) == 0) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_FAILED,
                    "%s: objects of no component in %s:\n%s", maps[0], components,
                    nobodys->len > 0 ? nobodys->str
                                     : "  (it names no object at all)\n");
        return false;
    }
    g_autoptr(JsonNode) root = document(&self);
    g_autofree char *text = json_to_string(root, TRUE);
    g_autofree char *lines = g_strconcat(text, "\n", NULL);
    return g_file_set_contents(path, lines, -1, error);
}

int
main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc < 4) {
        fputs("usage: sbom COMPONENTS OUT MAP...\n", stderr);
        return 2;
    }
    if (make(argv[1], argv[2], argv + 3, &error))
        return 0;
    fprintf(stderr, "sbom: %s\n", error->message);
    return 1;
}
