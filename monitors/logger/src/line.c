/* SPDX-License-Identifier: MIT */
/* Line: see line.h. */

#include "line.h"

#include <stdlib.h>

#include <watchfloor/problems.h>

#include "thin.h"

struct log_line *log_line_create(struct wf_region *region, const struct wf_position *position)
{
    struct log_line *line = calloc(1, sizeof(*line));
    struct wf_region_info info;

    if (line == NULL)
        return NULL;
    wf_region_info(region, &info);
    (void)wf_copy_text(line->source, sizeof(line->source), info.source);
    (void)wf_copy_text(line->subsystem, sizeof(line->subsystem), info.subsystem);
    line->created_ns = info.created_ns;
    line->region = region;
    line->schema = wf_region_schema(region);
    line->slot_count = info.slot_count;
    line->payload_bytes = line->schema->payload_bytes;
    /* What is missing at the first look was published while nobody logged. */
    line->lost_cause = WF_GAP_LOGGER_DOWN;
    if (position != NULL && position->region_created_ns == info.created_ns)
        line->cursor.next = position->next;
    else if (position != NULL)
        line->is_tail_unknown = true;
    return line;
}

void log_line_free(struct log_line *line)
{
    log_thin_destroy(&line->thin);
    wf_schema_free(&line->schema_kept);
    free(line);
}

int log_line_keep_schema(struct log_line *line, struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    struct wf_strbuf text;
    int rc = 0;

    if (line->series != NULL || line->schema_kept != NULL)
        return 0; /* the store has its own copy */
    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_schema_write(line->schema, &text);
    rc = text.was_cut ? wf_fail(err, WF_ERR_NOMEM, "out of memory")
                      : wf_schema_parse(line->subsystem, text.text, text.len, &line->schema_kept,
                                        &problems, err);
    if (rc == 0)
        line->schema = line->schema_kept;
    wf_problems_fini(&problems);
    wf_strbuf_fini(&text);
    return rc;
}

void log_line_catch_up(struct log_line *line, uint64_t head)
{
    uint64_t slots = line->slot_count;
    uint64_t oldest;

    if (head < line->cursor.next || head - line->cursor.next < slots)
        return;
    /* A sixteenth of the ring as a lead over the writer, which goes on meanwhile. */
    oldest = head - slots + slots / 16 + 1;
    line->cursor.lost += oldest - line->cursor.next;
    line->cursor.next = oldest;
}
