/* SPDX-License-Identifier: MIT */
/*
 * test-journal INSTANCE STATE ALARMS.INI [MONITOR]: an alarm monitor without an engine. Each line
 * on stdin is an array of transitions, {"alarm","event","to","severity",...}, that become one commit of
 * the journal, followed by a ring of the bell; each is answered by the last id in a line of its own.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/paths.h>
#include <watchfloor/publisher.h>
#include <watchfloor/store/journal.h>

#define BATCH_MAX 20000

struct bench {
    struct wf_journal *journal;
    struct wf_publisher *publisher;
    struct wf_schema *schema;
    uint64_t seq;
};

static const char *text_of(const json_t *object, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : fallback;
}

static unsigned number_of(const json_t *object, const char *key)
{
    return (unsigned)json_integer_value(json_object_get(object, key));
}

static void fill(struct bench *bench, const json_t *from, struct wf_journal_entry *to)
{
    const char *event = text_of(from, "event", "RAISE");

    *to = (struct wf_journal_entry){
        .kind = WF_JOURNAL_TRANSITION,
        .utc_ns =
            wf_utc_now_ns() - (int64_t)(json_number_value(json_object_get(from, "ago")) * 1e9),
        .mono_ns = wf_mono_now_ns(),
        .device_ns = WF_TIME_NONE,
        .alarm = text_of(from, "alarm", "main.power.bus LIMIT"),
        .user = text_of(from, "user", ""),
        .note = text_of(from, "note", ""),
        .text = "",
        .config_hash = "0000000000000000",
        .seq = ++bench->seq,
        .event = event,
        .from = text_of(from, "from", "NORMAL"),
        .to = text_of(from, "to", "ACTIVE_UNACK"),
        .marks = (uint8_t)number_of(from, "marks"),
        .severity = (uint8_t)number_of(from, "severity"),
        .highest = (uint8_t)number_of(from, "severity"),
        .level = text_of(from, "level", "hi"),
        .value = 34.5,
        .limit = 33,
        .value_text = text_of(from, "value", "34.5 V"),
        .limits = "{}",
        .shelved_until_ns = WF_TIME_NONE,
        .is_announced = json_is_true(json_object_get(from, "announced")),
        .memory = "x",
        .memory_bytes = 1,
    };
}

static int append(struct bench *bench, const json_t *list, struct wf_err *err)
{
    static struct wf_journal_entry entries[BATCH_MAX];
    static struct wf_journal_entry *pointers[BATCH_MAX];
    size_t count = json_array_size(list) < BATCH_MAX ? json_array_size(list) : BATCH_MAX;

    for (size_t i = 0; i < count; i++) {
        fill(bench, json_array_get(list, i), &entries[i]);
        pointers[i] = &entries[i];
    }
    return wf_journal_append(bench->journal, pointers, count, err);
}

static int open_all(struct bench *bench, char **argv, const char *monitor, struct wf_err *err)
{
    char folder[4096], note[256];
    struct wf_problems problems = { 0 };
    struct wf_strbuf path = WF_STRBUF_FIXED(folder);
    const struct wf_journal_options journal = {
        .folder = folder, .monitor = monitor, .instance = argv[1], .is_synced = true
    };
    const struct wf_publisher_options options = {
        .instance = argv[1], .role = "alert", .state = argv[2], .region_max = 8
    };
    struct wf_writer *writer = NULL;
    int rc;

    wf_strbuf_addf(&path, "%s/alarms", argv[2]);
    rc = wf_make_folders(argv[2], err);
    if (rc == 0)
        rc = wf_journal_open(&journal, &bench->journal, note, sizeof(note), err);
    if (rc == 0)
        rc = wf_schema_load(argv[3], &bench->schema, &problems, err);
    if (rc == 0)
        rc = wf_publisher_open(&options, &bench->publisher, err);
    if (rc == 0)
        rc = wf_publisher_add(bench->publisher, "wf", bench->schema, &writer, NULL, err);
    if (rc == 0)
        bench->seq = wf_journal_last_seq(bench->journal);
    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    return rc;
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct wf_err err = { 0 };
    char *line = NULL;
    size_t size = 0;
    int rc;

    if (argc < 4)
        return 2;
    rc = open_all(&bench, argv, argc > 4 ? argv[4] : "main", &err);
    while (rc == 0 && getline(&line, &size, stdin) > 0) {
        json_t *list = json_loads(line, 0, NULL);

        rc = append(&bench, list, &err);
        json_decref(list);
        wf_publisher_ring(bench.publisher);
        wf_publisher_heartbeat(bench.publisher, wf_mono_now_ns());
        (void)printf("%llu\n", (unsigned long long)wf_journal_last_id(bench.journal));
        (void)fflush(stdout);
    }
    if (rc < 0)
        (void)fprintf(stderr, "%s\n", err.text);
    free(line);
    wf_publisher_close(&bench.publisher);
    wf_journal_close(&bench.journal);
    wf_schema_free(&bench.schema);
    return rc == 0 ? 0 : 2;
}
