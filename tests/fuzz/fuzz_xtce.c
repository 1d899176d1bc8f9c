/* SPDX-License-Identifier: MIT */
/*
 * Fuzzing: any bytes as an XTCE file. Whatever is made of it is text that the schema reader
 * takes or refuses with problems, and that can be said in XTCE again; reading the same packet
 * twice gives the same text.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/decode/xtce.h>
#include <watchfloor/schema.h>

#include "fuzz.h"

#define PACKETS_MAX 8
#define TEXT_MAX    (1u << 20)

static void look_at(struct wf_xtce *xtce, size_t index)
{
    struct wf_problems notes = { 0 }, problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_strbuf first, again;
    struct wf_err err = { 0 };

    wf_strbuf_init(&first, TEXT_MAX);
    wf_strbuf_init(&again, TEXT_MAX);
    if (wf_xtce_packet_schema(xtce, index, &first, &notes, &err) == 0) {
        if (wf_xtce_packet_schema(xtce, index, &again, &notes, &err) == 0 &&
            strcmp(first.text, again.text) != 0)
            abort();
        if (wf_schema_parse("fuzz.ini", first.text, first.len, &schema, &problems, &err) == 0) {
            wf_strbuf_clear(&again);
            wf_xtce_write(schema, "fuzz.ini", &again, &notes);
        }
        wf_schema_free(&schema);
    } else if (err.text[0] == '\0') {
        abort();
    }
    wf_problems_fini(&notes);
    wf_problems_fini(&problems);
    wf_strbuf_fini(&first);
    wf_strbuf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wf_xtce *xtce = NULL;
    struct wf_err err = { 0 };

    if (wf_xtce_parse("fuzz.xml", (const char *)data, size, &xtce, &err) < 0) {
        if (err.text[0] == '\0')
            abort();
        return 0;
    }
    for (size_t i = 0; i < wf_xtce_packet_count(xtce) && i < PACKETS_MAX; i++)
        look_at(xtce, i);
    wf_xtce_free(&xtce);
    return 0;
}
