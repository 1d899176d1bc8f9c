/* SPDX-License-Identifier: MIT */
/*
 * The header of one subsystem type. What it says of the layout is asserted in
 * the header itself, so that a compiler which lays structs out differently
 * refuses it instead of reading wrong bytes.
 */

#include "schemagen.h"

#include <stdlib.h>
#include <string.h>

/* One member of the struct: a parameter, or the count that stands beside it. */
struct member {
    const struct wf_parameter *parameter;
    bool is_count;
    uint32_t offset;
};

static char capital(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

void gen_add_capitals(struct wf_strbuf *out, const char *text)
{
    for (; *text != '\0'; text++)
        wf_strbuf_add_char(out, is_word(*text) ? capital(*text) : '_');
}

/* Text inside a comment: one line, nothing that could end the comment or begin another. */
static void add_comment_text(struct wf_strbuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if ((*text == '*' && text[1] == '/') || (*text == '/' && text[1] == '*'))
            wf_strbuf_addf(out, "%c ", *text);
        else
            wf_strbuf_add_char(out, (unsigned char)*text < ' ' ? ' ' : *text);
    }
}

/* A mission may call a parameter `default`; C may not. `linux` is a macro of GNU C. */
static bool is_reserved(const char *name)
{
    static const char *const words[] = {
        "alignas",      "alignof",     "and",           "asm",
        "auto",         "bool",        "break",         "case",
        "catch",        "char",        "class",         "const",
        "continue",     "default",     "delete",        "do",
        "double",       "else",        "enum",          "explicit",
        "export",       "extern",      "false",         "float",
        "for",          "friend",      "goto",          "if",
        "inline",       "int",         "long",          "mutable",
        "namespace",    "new",         "not",           "operator",
        "or",           "private",     "protected",     "public",
        "register",     "restrict",    "return",        "short",
        "signed",       "sizeof",      "static",        "struct",
        "switch",       "template",    "this",          "throw",
        "true",         "try",         "typedef",       "typename",
        "union",        "unsigned",    "using",         "virtual",
        "void",         "volatile",    "while",         "xor",
        "linux",        "unix",        "errno",         "assert",
        "offsetof",     "typeid",      "wchar_t",       "compl",
        "bitand",       "bitor",       "nullptr",       "noexcept",
        "decltype",     "constexpr",   "static_assert", "thread_local",
        "dynamic_cast", "static_cast", "const_cast",    "reinterpret_cast",
        "and_eq",       "or_eq",       "xor_eq",        "not_eq",
        "NULL",         "stdin",       "stdout",        "stderr",
    };

    for (size_t i = 0; i < WF_COUNT_OF(words); i++) {
        if (strcmp(name, words[i]) == 0)
            return true;
    }
    return false;
}

static bool is_parameter(const struct wf_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->parameter_count; i++) {
        if (strcmp(schema->parameters[i].name, name) == 0)
            return true;
    }
    return false;
}

/*
 * The parameter's name; its count is NAME_count. Where that is C's own word, or the
 * name of another parameter (`count = data_count`), a '_' is put behind it.
 */
static void add_member_name(struct wf_strbuf *out, const struct wf_schema *schema,
                            const struct member *member)
{
    char array[2 * WF_NAME_SIZE];
    struct wf_strbuf name = WF_STRBUF_FIXED(array);

    wf_strbuf_add(&name, member->parameter->name);
    if (member->is_count)
        wf_strbuf_add(&name, "_count");
    else if (is_reserved(name.text))
        wf_strbuf_add_char(&name, '_');
    else
        goto out;
    while (is_parameter(schema, name.text))
        wf_strbuf_add_char(&name, '_');
out:
    wf_strbuf_add(out, name.text);
}

static int by_offset(const void *a, const void *b)
{
    const struct member *left = a, *right = b;

    return left->offset < right->offset ? -1 : left->offset > right->offset;
}

static size_t list_members(const struct wf_schema *schema, struct member *out)
{
    size_t count = 0;

    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_parameter *parameter = &schema->parameters[i];

        out[count++] = (struct member){ .parameter = parameter, .offset = parameter->offset };
        if (parameter->count_offset != 0)
            out[count++] = (struct member){ .parameter = parameter,
                                            .is_count = true,
                                            .offset = parameter->count_offset };
    }
    qsort(out, count, sizeof(*out), by_offset);
    return count;
}

static void add_declaration(struct wf_strbuf *out, const struct wf_schema *schema,
                            const struct member *member)
{
    const struct wf_parameter *parameter = member->parameter;

    wf_strbuf_addf(out, "    %s ",
                   member->is_count ? "uint32_t" : wf_storage_c_name(parameter->storage));
    add_member_name(out, schema, member);
    if (!member->is_count) {
        if (parameter->count_max != 1)
            wf_strbuf_addf(out, "[%u]", (unsigned)parameter->count_max);
        if (parameter->storage == WF_STORE_CHARS)
            wf_strbuf_addf(out, "[%u]", (unsigned)parameter->size_max + 1);
        else if (parameter->storage == WF_STORE_BYTES)
            wf_strbuf_addf(out, "[%u]", (unsigned)parameter->size_max);
    }
    wf_strbuf_add_char(out, ';');
    if (!member->is_count && (parameter->title[0] != '\0' || parameter->unit[0] != '\0')) {
        wf_strbuf_add(out, " /* ");
        add_comment_text(out, parameter->title);
        if (parameter->unit[0] != '\0') {
            wf_strbuf_add(out, parameter->title[0] != '\0' ? ", in " : "in ");
            add_comment_text(out, parameter->unit);
        }
        wf_strbuf_add(out, " */");
    }
    wf_strbuf_add_char(out, '\n');
}

static void add_struct(struct wf_strbuf *out, const struct wf_schema *schema,
                       const struct member *members, size_t count)
{
    wf_strbuf_addf(out, "struct %s_info {\n", schema->name);
    for (size_t i = 0; i < count; i++)
        add_declaration(out, schema, &members[i]);
    wf_strbuf_add(out, "};\n\n");
}

static void add_asserts(struct wf_strbuf *out, const struct wf_schema *schema,
                        const struct member *members, size_t count)
{
    wf_strbuf_add(out, "#ifdef __cplusplus\n#define WF_INFO_ASSERT static_assert\n#else\n"
                       "#define WF_INFO_ASSERT _Static_assert\n#endif\n");
    for (size_t i = 0; i < count; i++) {
        wf_strbuf_addf(out, "WF_INFO_ASSERT(offsetof(struct %s_info, ", schema->name);
        add_member_name(out, schema, &members[i]);
        wf_strbuf_addf(out, ") == %u, \"layout\");\n", (unsigned)members[i].offset);
    }
    wf_strbuf_addf(out, "WF_INFO_ASSERT(sizeof(struct %s_info) == %u, \"layout\");\n", schema->name,
                   (unsigned)schema->struct_bytes);
    wf_strbuf_add(out, "#undef WF_INFO_ASSERT\n\n");
}

static void add_parameters(struct wf_strbuf *out, const struct wf_schema *schema)
{
    wf_strbuf_addf(out,
                   "/* Parameters by number, for wf_value_get, wf_view_severity and the like. */\n"
                   "enum %s_parameter {\n",
                   schema->name);
    for (size_t i = 0; i < schema->parameter_count; i++) {
        const char *name = schema->parameters[i].name;
        bool is_ours = wf_name_is_equal(name, "parameter_count") ||
                       wf_name_is_equal(name, "info_layout_hash") ||
                       wf_name_is_equal(name, "info_h") || wf_name_is_equal(name, "schema_h");

        wf_strbuf_add(out, "    ");
        gen_add_capitals(out, schema->name);
        wf_strbuf_add_char(out, '_');
        gen_add_capitals(out, name);
        wf_strbuf_addf(out, is_ours ? "_ = %zu,\n" : " = %zu,\n", i);
    }
    wf_strbuf_add(out, "    ");
    gen_add_capitals(out, schema->name);
    wf_strbuf_addf(out, "_PARAMETER_COUNT = %zu,\n};\n\n", schema->parameter_count);
}

/* Would `ENUMERATION_LABEL` also be the name of a parameter, or of an earlier label? */
static bool is_name_taken(const struct wf_schema *schema, const struct wf_enumeration *enumeration,
                          size_t entry, const char *label)
{
    for (size_t i = 0; i < schema->parameter_count; i++) {
        if (wf_name_is_equal(schema->parameters[i].name, label))
            return true;
    }
    for (size_t i = 0; i < entry; i++) {
        char array[2 * WF_NAME_SIZE + 128];
        struct wf_strbuf earlier = WF_STRBUF_FIXED(array);

        gen_add_capitals(&earlier, enumeration->name);
        wf_strbuf_add_char(&earlier, '_');
        gen_add_capitals(&earlier, enumeration->entries[i].label);
        if (strcmp(earlier.text, label) == 0)
            return true;
    }
    return false;
}

static void add_label(struct wf_strbuf *out, const struct wf_schema *schema,
                      const struct wf_enumeration *enumeration, size_t entry)
{
    int64_t value = enumeration->entries[entry].low;
    char array[2 * WF_NAME_SIZE + 128];
    struct wf_strbuf label = WF_STRBUF_FIXED(array);

    gen_add_capitals(&label, enumeration->name);
    wf_strbuf_add_char(&label, '_');
    gen_add_capitals(&label, enumeration->entries[entry].label);
    wf_strbuf_add(out, "#define ");
    gen_add_capitals(out, schema->name);
    wf_strbuf_addf(out, "_%s", label.text);
    if (is_name_taken(schema, enumeration, entry, label.text))
        wf_strbuf_addf(out, "_%zu", entry);
    if (value >= INT32_MIN + 1 && value <= INT32_MAX)
        wf_strbuf_addf(out, value < 0 ? " (%lld)\n" : " %lld\n", (long long)value);
    else if (value == INT64_MIN)
        wf_strbuf_add(out, " INT64_MIN\n");
    else
        wf_strbuf_addf(out, " INT64_C(%lld)\n", (long long)value);
}

static void add_enumerations(struct wf_strbuf *out, const struct wf_schema *schema)
{
    for (size_t i = 0; i < schema->enumeration_count; i++) {
        const struct wf_enumeration *enumeration = &schema->enumerations[i];

        wf_strbuf_addf(out, "/* %s */\n", enumeration->name);
        for (size_t k = 0; k < enumeration->count; k++)
            add_label(out, schema, enumeration, k);
        wf_strbuf_add_char(out, '\n');
    }
}

int gen_write_info(const struct wf_schema *schema, struct wf_strbuf *out, struct wf_err *err)
{
    struct member *members = calloc(2 * schema->parameter_count + 1, sizeof(*members));

    if (members == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    size_t count = list_members(schema, members);

    wf_strbuf_addf(out, "/* Made by wf-schemagen from %s.ini; change that. */\n#ifndef ",
                   schema->name);
    gen_add_capitals(out, schema->name);
    wf_strbuf_add(out, "_INFO_H\n#define ");
    gen_add_capitals(out, schema->name);
    wf_strbuf_add(out, "_INFO_H\n\n#include <stddef.h>\n#include <stdint.h>\n\n/* ");
    add_comment_text(out, schema->title[0] != '\0' ? schema->title : schema->name);
    wf_strbuf_add(out, ": one sample, in engineering units. */\n");
    add_struct(out, schema, members, count);
    wf_strbuf_add(out, "/* Which layout this is; regions carry the same number. */\n#define ");
    gen_add_capitals(out, schema->name);
    wf_strbuf_addf(out, "_INFO_LAYOUT_HASH UINT64_C(0x%016llx)\n\n",
                   (unsigned long long)schema->layout_hash);
    add_asserts(out, schema, members, count);
    add_parameters(out, schema);
    add_enumerations(out, schema);
    wf_strbuf_add(out, "#endif\n");
    free(members);
    return out->was_cut ? wf_fail(err, WF_ERR_NOMEM, "out of memory") : WF_OK;
}
