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

static int find_group(struct query *query, const struct wf_history_entry *entry, size_t *out,
                      struct wf_err *err)
{
    struct query_group *more;

    for (size_t i = 0; i < query->group_count; i++) {
        if (wf_name_is_equal(query->groups[i].source, entry->source) &&
            wf_name_is_equal(query->groups[i].subsystem, entry->schema->name)) {
            *out = i;
            return 0;
        }
    }
    more = realloc(query->groups, (query->group_count + 1) * sizeof(*more));
    if (more == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    query->groups = more;
    *out = query->group_count++;
    memset(&more[*out], 0, sizeof(*more));
    (void)wf_copy_text(more[*out].source, sizeof(more[*out].source), entry->source);
    (void)wf_copy_text(more[*out].subsystem, sizeof(more[*out].subsystem), entry->schema->name);
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

static int add_column(struct query *query, const struct wf_history_entry *entry,
                      const struct wf_parameter *parameter, bool is_element, size_t element,
                      struct wf_err *err)
{
    struct query_column column = { .element = element, .is_element = is_element };
    struct wf_strbuf name = WF_STRBUF_FIXED(column.name);
    struct query_column *more;
    int rc;

    wf_strbuf_add_name(&name, entry->source, entry->schema->name, parameter->name);
    if (is_element)
        wf_strbuf_addf(&name, "[%zu]", element);
    if (has_column(query, column.name))
        return 0; /* named twice */
    (void)wf_copy_text(column.parameter, sizeof(column.parameter), parameter->name);
    rc = find_group(query, entry, &column.group, err);
    if (rc < 0)
        return rc;
    more = realloc(query->columns, (query->column_count + 1) * sizeof(*more));
    if (more == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    query->columns = more;
    column.unit = strdup(parameter->unit);
    if (column.unit == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    more[query->column_count++] = column;
    return 0;
}

static int add_parameter(struct query *query, const struct wf_history_entry *entry,
                         const struct wf_parameter *parameter, const struct pattern *pattern,
                         struct wf_err *err)
{
    bool is_array = parameter->count_max > 1 || parameter->count_from != WF_NO_INDEX ||
                    parameter->is_count_rest;
    int rc = 0;

    if (!is_array)
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

/* The subsystems there are, in a line. */
static void add_subsystems(const struct wf_history_entry *list, size_t count, struct wf_strbuf *out)
{
    for (size_t i = 0; i < count; i++) {
        wf_strbuf_add(out, i > 0 ? ", " : "");
        wf_strbuf_add_name(out, list[i].source, list[i].schema->name, NULL);
    }
}

static int share_parameters(struct query *query, struct wf_err *err)
{
    for (size_t i = 0; i < query->group_count; i++) {
        struct query_group *group = &query->groups[i];

        group->parameters = calloc(query->column_count + 1, sizeof(*group->parameters));
        if (group->parameters == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        for (size_t k = 0; k < query->column_count; k++) {
            const struct query_column *column = &query->columns[k];
            size_t last = group->parameter_count;

            /* Elements of one array stand beside each other. */
            if (column->group == i &&
                (last == 0 || !wf_name_is_equal(group->parameters[last - 1], column->parameter)))
                group->parameters[group->parameter_count++] = column->parameter;
        }
    }
    return 0;
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
        if (rc == 0 && matches == 0) {
            char there[160];
            struct wf_strbuf names = WF_STRBUF_FIXED(there);

            add_subsystems(list, list_count, &names);
            if (list_count == 0)
                rc = wf_fail(err, WF_ERR_ABSENT, "nothing was stored in this range");
            else
                rc = wf_fail(err, WF_ERR_ABSENT, "no '%.40s' in this range; there is: %s%s",
                             patterns[i], there, names.was_cut ? " ..." : "");
        }
    }
    return rc < 0 ? rc : share_parameters(query, err);
}

void query_free_columns(struct query *query)
{
    for (size_t i = 0; i < query->column_count; i++)
        free(query->columns[i].unit);
    for (size_t i = 0; i < query->group_count; i++)
        free(query->groups[i].parameters);
    free(query->columns);
    free(query->groups);
}
