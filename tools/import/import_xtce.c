/* SPDX-License-Identifier: MIT */
/* One schema for each packet definition of an XTCE file. */

#include <watchfloor/decode/xtce.h>

#include "import.h"

int import_xtce(const struct import_options *options, struct import_result *result,
                struct wf_err *err)
{
    struct wf_xtce *xtce = NULL;
    struct wf_strbuf text;
    int rc = wf_xtce_read(options->file, &xtce, err);

    if (rc < 0)
        return rc;
    wf_strbuf_init(&text, IMPORT_TEXT_MAX);
    wf_xtce_notes(xtce, &result->notes);
    for (size_t i = 0; i < wf_xtce_packet_count(xtce) && rc == 0; i++) {
        const char *name = wf_xtce_packet_name(xtce, i);

        if (options->select != NULL && !wf_glob_match(options->select, name))
            continue;
        wf_strbuf_clear(&text);
        rc = wf_xtce_packet_schema(xtce, i, &text, &result->notes, err);
        if (rc == WF_ERR_LIMIT) { /* this one cannot be had; the others can */
            wf_problems_add(&result->notes, options->file, 0, "%s; left out", err->text);
            *err = (struct wf_err){ 0 };
            rc = 0;
            continue;
        }
        if (rc == 0)
            rc = import_write(options, name, text.text, result, err);
    }
    wf_strbuf_fini(&text);
    wf_xtce_free(&xtce);
    return rc;
}
