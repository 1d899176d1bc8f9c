/* SPDX-License-Identifier: MIT */
/* From what was asked for to columns: see query.h. */

#include "query.h"

#include <stdlib.h>
#include <string.h>

/* A pattern may end in [I]: one element of an array. */
struct pattern {
    char text[WF_FULL_NAME_SIZE];
    bool has_element;
    uint64_t element;
};

static int parse_pattern(const char *text, struct pattern *out, struct wf_err *err)
{
    size_t len = strlen(text);
    char *bracket;

    *out = (struct pattern){ 0 };
    if (!wf_copy_text(out->text, sizeof(out->text), text))
        return wf_fail(err, WF_ERR_INVALID, "'%.60s...' is too long for a name", text);
    bracket = strrchr(out->text, '[');
    if (bracket == NULL || bracket == out->text || text[len - 1] != ']')
        return 0;
    out->text[len - 1] = '\0';
    /* Otherwise it is a glob such as volts_[ab]. */
    if (wf_parse_u64(bracket + 1, &out->element, NULL) == 0) {
        out->has_element = true;
        *bracket = '\0';
    } else {
        out->text[len - 1] = ']';
    }
    return 0;
}

static bool has_column(const struct query *query, const char *name)
{
    for (size_t i = 0; i < query->column_count; i++) {
        if (wf_casecmp(query->columns[i].name, name) == 0)
            return true;
    }
    return false;
}

/* Append to a list of columns: the query's own or its inputs. */
static int append(struct query_column **list, size_t *count, const struct wf_history_entry *entry,
                  const struct wf_parameter *parameter, bool is_element, size_t element,
                  struct wf_err *err)
{
    struct query_column *column = realloc(*list, (*count + 1) * sizeof(*column));
    struct wf_strbuf name;

    if (column == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    *list = column;
    column = &column[*count];
    *column = (struct query_column){ .element = element, .limits = parameter->limits };
    column->limits.states = NULL;
    column->limits.state_count = 0;
    column->stale_after_ns = entry->schema->stale_after_ns;
    wf_strbuf_init_fixed(&name, column->name, sizeof(column->name));
    wf_strbuf_add_name(&name, entry->source, entry->schema->name, parameter->name);
    if (is_element)
        wf_strbuf_addf(&name, "[%zu]", element);
    (void)wf_copy_text(column->source, sizeof(column->source), entry->source);
    (void)wf_copy_text(column->subsystem, sizeof(column->subsystem), entry->schema->name);
    (void)wf_copy_text(column->parameter, sizeof(column->parameter), parameter->name);
    column->unit = strdup(parameter->unit);
    if (column->unit == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    ++*count;
    return 0;
}

static int add_column(struct query *query, const struct wf_history_entry *entry,
                      const struct wf_parameter *parameter, bool is_element, size_t element,
                      struct wf_err *err)
{
    char name[WF_FULL_NAME_SIZE];
    struct wf_strbuf text = WF_STRBUF_FIXED(name);

    wf_strbuf_add_name(&text, entry->source, entry->schema->name, parameter->name);
    if (is_element)
        wf_strbuf_addf(&text, "[%zu]", element);
    if (has_column(query, name))
        return 0; /* named twice */
    return append(&query->columns, &query->column_count, entry, parameter, is_element, element,
                  err);
}

static bool is_array(const struct wf_parameter *parameter)
{
    return parameter->count_max > 1 || parameter->count_from != WF_NO_INDEX ||
           parameter->is_count_rest;
}

static int add_parameter(struct query *query, const struct wf_history_entry *entry,
                         const struct wf_parameter *parameter, const struct pattern *pattern,
                         struct wf_err *err)
{
    int rc = 0;

    if (!is_array(parameter))
        return pattern->has_element && pattern->element > 0
                   ? 0
                   : add_column(query, entry, parameter, false, 0, err);
    if (pattern->has_element)
        return pattern->element >= parameter->count_max
                   ? 0
                   : add_column(query, entry, parameter, true, (size_t)pattern->element, err);
    for (size_t i = 0; rc == 0 && i < parameter->count_max; i++)
        rc = add_column(query, entry, parameter, true, i, err);
    return rc;
}

static int add_pattern(struct query *query, const struct wf_history_entry *list, size_t count,
                       const struct pattern *pattern, size_t *out_matches, struct wf_err *err)
{
    int rc = 0;

    *out_matches = 0;
    for (size_t i = 0; i < count; i++) {
        const struct wf_schema *schema = list[i].schema;

        if (query->options.source != NULL && !wf_glob_match(query->options.source, list[i].source))
            continue;
        for (size_t k = 0; rc == 0 && k < schema->parameter_count; k++) {
            const struct wf_parameter *parameter = &schema->parameters[k];
            bool is_it =
                wf_pattern_match(pattern->text, list[i].source, schema->name, parameter->name) ||
                (parameter->alias[0] != '\0' &&
                 wf_pattern_match(pattern->text, list[i].source, schema->name, parameter->alias));

            if (!is_it)
                continue;
            ++*out_matches;
            rc = add_parameter(query, &list[i], parameter, pattern, err);
        }
    }
    return rc;
}

int query_resolve(struct query *query, char **patterns, int count, struct wf_err *err)
{
    const struct wf_history_entry *list = NULL;
    size_t list_count = 0;
    int rc = wf_history_list(query->history, &query->options.range, &list, &list_count, err);

    for (int i = 0; rc == 0 && i < count; i++) {
        struct pattern pattern;
        size_t matches = 0;

        rc = parse_pattern(patterns[i], &pattern, err);
        if (rc == 0)
            rc = add_pattern(query, list, list_count, &pattern, &matches, err);
        if (rc == 0 && matches == 0)
            rc = query_missing(query, pattern.text, err);
    }
    return rc;
}

/* --- names in expressions ---------------------------------------------------------------------- */

/* Does `name` mean this parameter: in full, or as far as it is unmistakable? */
static bool is_meant(const struct query *query, const char *name,
                     const struct wf_history_entry *entry, const struct wf_parameter *parameter)
{
    const char *alias = parameter->alias;
    bool is_asked = false;

    if (query->options.source != NULL && !wf_glob_match(query->options.source, entry->source))
        return false;
    if (strchr(name, '.') != NULL)
        return wf_pattern_match(name, entry->source, entry->schema->name, parameter->name) ||
               (alias[0] != '\0' &&
                wf_pattern_match(name, entry->source, entry->schema->name, alias));
    /* Alone it is a parameter of a subsystem that was asked for. */
    for (size_t i = 0; i < query->column_count; i++)
        is_asked = is_asked || (wf_name_is_equal(query->columns[i].source, entry->source) &&
                                wf_name_is_equal(query->columns[i].subsystem, entry->schema->name));
    return is_asked && (wf_name_is_equal(name, parameter->name) ||
                        (alias[0] != '\0' && wf_name_is_equal(name, alias)));
}

/* Is it of a source whose columns were asked for? */
static bool is_near(const struct query *query, const struct wf_history_entry *entry)
{
    for (size_t i = 0; i < query->column_count; i++) {
        if (wf_name_is_equal(query->columns[i].source, entry->source))
            return true;
    }
    return false;
}

struct meaning {
    const struct wf_history_entry *entry;
    const struct wf_parameter *parameter;
    size_t count; /* how many it could mean */
};

static void find_meaning(const struct query *query, const struct wf_history_entry *list,
                         size_t count, const char *name, bool must_be_near, struct meaning *out)
{
    *out = (struct meaning){ 0 };
    for (size_t i = 0; i < count; i++) {
        if (must_be_near && !is_near(query, &list[i]))
            continue;
        for (size_t k = 0; k < list[i].schema->parameter_count; k++) {
            if (!is_meant(query, name, &list[i], &list[i].schema->parameters[k]))
                continue;
            out->count++;
            out->entry = &list[i];
            out->parameter = &list[i].schema->parameters[k];
        }
    }
}

static bool find_input(const struct query *query, const struct meaning *meaning, size_t *out_input)
{
    for (size_t i = 0; i < query->input_count; i++) {
        const struct query_column *input = &query->inputs[i];

        if (input->element == 0 && wf_name_is_equal(input->source, meaning->entry->source) &&
            wf_name_is_equal(input->subsystem, meaning->entry->schema->name) &&
            wf_name_is_equal(input->parameter, meaning->parameter->name)) {
            *out_input = i;
            return true;
        }
    }
    return false;
}

int query_add_input(struct query *query, const char *name, size_t *out_input,
                    const struct wf_enumeration **out_labels, struct wf_err *err)
{
    const struct wf_history_entry *list = NULL;
    struct meaning meaning;
    size_t count = 0, elements;
    int rc = wf_history_list(query->history, &query->options.range, &list, &count, err);

    if (rc < 0)
        return rc;
    /* Of several sources, the one that is asked for. */
    find_meaning(query, list, count, name, true, &meaning);
    if (meaning.count == 0)
        find_meaning(query, list, count, name, false, &meaning);
    if (meaning.count == 0)
        return WF_ERR_ABSENT;
    if (meaning.count > 1)
        return wf_fail(err, WF_ERR_INVALID,
                       "'%.60s' means %zu parameters: say which in full, as"
                       " source.subsystem.parameter",
                       name, meaning.count);
    *out_labels = meaning.parameter->enumeration != WF_NO_INDEX
                      ? &meaning.entry->schema->enumerations[meaning.parameter->enumeration]
                      : NULL;
    if (find_input(query, &meaning, out_input))
        return 0;
    *out_input = query->input_count;
    elements = is_array(meaning.parameter) ? meaning.parameter->count_max : 1;
    for (size_t i = 0; rc == 0 && i < elements; i++)
        rc = append(&query->inputs, &query->input_count, meaning.entry, meaning.parameter,
                    elements > 1, i, err);
    return rc;
}

void query_free_columns(struct query *query)
{
    for (size_t i = 0; i < query->column_count; i++)
        free(query->columns[i].unit);
    for (size_t i = 0; i < query->input_count; i++)
        free(query->inputs[i].unit);
    free(query->columns);
    free(query->inputs);
}
