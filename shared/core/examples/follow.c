/* SPDX-License-Identifier: MIT */
/*
 * follow INSTANCE SUBSYSTEM PARAMETER COUNT - follow one parameter of a live
 * system by its name: every sample that the ring holds and each new one, until
 * COUNT were shown. Start it before the system if you like; it survives restarts.
 */

#include <stdio.h>

#include <watchfloor/strbuf.h>
#include <watchfloor/watch.h>

static void show(const struct wf_schema *schema, size_t parameter, const void *payload)
{
    char room[200];
    struct wf_strbuf text = WF_STRBUF_FIXED(room);
    struct wf_value value;
    wf_value_get(schema, payload, parameter, 0, &value);
    wf_value_format(schema, parameter, &value, &text);
    (void)printf("%s %s %s\n", room, schema->parameters[parameter].unit,
                 wf_quality_name(value.quality));
}

int main(int argc, char **argv)
{
    static unsigned char payload[WF_SCHEMA_PAYLOAD_MAX];
    struct wf_watch_options options = { .instance = argv[1], .pattern_count = 1 };
    struct wf_watch *watch = NULL;
    struct wf_cursor cursor = { 0 };
    struct wf_err err = { 0 };
    uint64_t generation = 0, wanted = 0, lost;
    struct wf_stamp stamp;

    options.patterns = (const char *const *)&argv[2];
    if (argc != 5 || wf_parse_u64(argv[4], &wanted, &err) < 0 ||
        wf_watch_open(&options, &watch, &err) < 0) {
        (void)fprintf(stderr, "usage: follow INSTANCE SUBSYSTEM PARAMETER COUNT\n%s\n", err.text);
        return 2;
    }
    for (; cursor.delivered < wanted; (void)wf_watch_wait(watch, 250)) {
        (void)wf_watch_refresh(watch, NULL); /* cheap when nothing changed */
        struct wf_region *region = wf_watch_region(watch, 0);
        if (region == NULL)
            continue; /* not there yet */
        int parameter = wf_schema_find(wf_region_schema(region), argv[3]), rc = 0;
        if (wf_watch_generation(watch, 0) != generation)
            cursor.next = 0; /* another region of that name: its numbers begin anew */
        generation = wf_watch_generation(watch, 0);
        while (parameter >= 0 && cursor.delivered < wanted && (rc == 0 || rc == WF_ERR_LIMIT)) {
            rc = wf_region_next(region, &cursor, payload, sizeof(payload), &stamp, &lost);
            if (rc == 0)
                show(wf_region_schema(region), (size_t)parameter, payload);
            else if (rc == WF_ERR_LIMIT)
                (void)printf("(%llu were overwritten)\n", (unsigned long long)lost);
        }
        (void)fflush(stdout);
    }
    wf_watch_close(&watch);
    return 0;
}
