/* SPDX-License-Identifier: MIT */
/*
 * The regions of the instance as lines: they come, go and are made anew while we run; where each
 * was read to, for the next start; and what a new roster has to take up of what was judged already.
 */

#include "alert.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>

#define WORDS_MAX 64
/* A program whose last sign of life is older is down. */
#define HEARTBEAT_NS (3 * WF_NS_PER_S)

/* Kept with the journal. */
struct position {
    uint64_t name; /* hash */
    int64_t created_ns;
    uint64_t next;
};

/* --- into a new roster ------------------------------------------------------------------------------ */

static bool has_rates(const struct wf_schema *schema)
{
    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_limits *limits = &schema->parameters[i].limits;

        if (limits->rate_lo == limits->rate_lo || limits->rate_hi == limits->rate_hi)
            return true;
    }
    return false;
}

/* Does any rule look at the past? Then every sample that is there counts, else the newest one. */
static bool has_windows(const struct wf_schema *schema)
{
    for (size_t i = 0; i < schema->condition_count; i++)
        if (strstr(schema->conditions[i].when, " over ") != NULL ||
            strstr(schema->conditions[i].enabled_when, " over ") != NULL)
            return true;
    for (size_t i = 0; i < schema->context_count; i++)
        if (strstr(schema->contexts[i].when, " over ") != NULL)
            return true;
    for (size_t i = 0; i < schema->parameter_count; i++)
        if (strstr(schema->parameters[i].enabled_when, " over ") != NULL)
            return true;
    return false;
}

/* One sample that was judged already. */
struct past {
    struct alert_line *line;
    uint64_t number;
    int64_t mono_ns;
    uint64_t epoch, order;
};

struct pasts {
    struct past *list;
    size_t count, room;
    size_t payload_max;
};

static int compare_pasts(const void *left, const void *right)
{
    const struct past *a = left;
    const struct past *b = right;

    if (a->line->writer == b->line->writer)
        return a->order < b->order ? -1 : a->order > b->order;
    return a->mono_ns < b->mono_ns ? -1 : a->mono_ns > b->mono_ns;
}

static bool add_past(struct pasts *pasts, struct alert_line *line, const struct wf_stamp *stamp)
{
    if (pasts->count == pasts->room) {
        size_t room = pasts->room == 0 ? 256 : pasts->room * 2;
        struct past *list = realloc(pasts->list, room * sizeof(*list));

        if (list == NULL)
            return false;
        pasts->list = list;
        pasts->room = room;
    }
    pasts->list[pasts->count++] = (struct past){ .line = line,
                                                 .number = stamp->number,
                                                 .mono_ns = stamp->received_mono_ns,
                                                 .epoch = stamp->epoch,
                                                 .order = stamp->order };
    return true;
}

static void find_pasts(const struct alert *alert, struct alert_line *line, bool is_whole,
                       void *payload, struct pasts *pasts)
{
    uint64_t end = line->cursor.next - (line->has_sample ? 1 : 0);
    struct wf_region_info info;
    struct wf_stamp stamp;
    uint64_t number;

    if (line->member < 0 || line->region == NULL || end == 0)
        return;
    wf_region_info(line->region, &info);
    number = info.head > info.slot_count ? info.head - info.slot_count : 0;
    if (!is_whole && number < end - 1)
        number = end - 1;
    for (; number < end; number++)
        if (wf_region_read(line->region, number, payload, line->schema->payload_bytes, &stamp) ==
                0 &&
            alert_clock_accepts(alert, &stamp, &stamp) && !add_past(pasts, line, &stamp))
            return;
}

/* Its program gives no sign of life. */
static bool is_down(const struct wf_region_info *info)
{
    return info->writer_state != WF_WRITER_RUNNING ||
           wf_mono_now_ns() - info->heartbeat_mono_ns > HEARTBEAT_NS;
}

/*
 * At the start, with all samples that were judged before: while we were down, silence is the source's
 * only as far as the program that brings its samples ran. It was started anew since, or is down
 * still. Had we been there, we would have said so at the time.
 */
static void excuse(struct alert *alert, const struct pasts *pasts)
{
    for (struct alert_line *line = alert->lines; line != NULL; line = line->next) {
        const struct past *newest = NULL;
        struct wf_region_info info;

        if (line->member < 0 || line->region == NULL)
            continue;
        for (size_t i = pasts->count; i > 0 && newest == NULL; i--)
            if (pasts->list[i - 1].line == line)
                newest = &pasts->list[i - 1];
        wf_region_info(line->region, &info);
        if (newest != NULL && info.epoch > newest->epoch)
            line->unheard_ns = (int64_t)info.epoch;
        else if (newest != NULL && is_down(&info))
            line->unheard_ns = alert_now(alert).utc_ns;
    }
}

void alert_follow_recall(struct alert *alert, struct wf_alarm_roster *roster)
{
    struct pasts pasts = { 0 };
    bool is_whole = false;
    void *payload;

    for (const struct alert_line *line = alert->lines; line != NULL; line = line->next) {
        is_whole = is_whole || (line->member >= 0 && has_windows(line->schema));
        if (line->schema != NULL && line->schema->payload_bytes > pasts.payload_max)
            pasts.payload_max = line->schema->payload_bytes;
    }
    payload = malloc(pasts.payload_max + 1);
    if (payload == NULL)
        return;
    for (struct alert_line *line = alert->lines; line != NULL; line = line->next)
        if (line->member >= 0)
            find_pasts(alert, line, is_whole || has_rates(line->schema), payload, &pasts);
    if (pasts.count > 0)
        qsort(pasts.list, pasts.count, sizeof(*pasts.list), compare_pasts);
    for (size_t i = 0; i < pasts.count; i++) {
        struct alert_line *line = pasts.list[i].line;
        struct wf_stamp stamp;

        if (wf_region_read(line->region, pasts.list[i].number, payload, line->schema->payload_bytes,
                           &stamp) == 0 &&
            alert_clock_accepts(alert, &stamp, &stamp))
            wf_alarm_roster_recall(roster, (size_t)line->member, &stamp, payload);
    }
    if (alert->roster == NULL && !alert->clock.is_replay)
        excuse(alert, &pasts);
    for (const struct alert_line *line = alert->lines; line != NULL; line = line->next)
        if (line->member >= 0 && line->unheard_ns != 0 && !alert->clock.is_replay)
            wf_alarm_roster_unheard(roster, (size_t)line->member, line->unheard_ns);
    free(payload);
    free(pasts.list);
}

/* --- where we are ------------------------------------------------------------------------------- */

static uint64_t hash_line(const char *source, const char *subsystem)
{
    return alert_hash_name(source) * 31 + alert_hash_name(subsystem);
}

/* A plugin reads for itself. */
static uint64_t hash_plugin(const char *plugin, const char *source, const char *subsystem)
{
    return alert_hash_name(plugin) * 37 + hash_line(source, subsystem);
}

struct positions {
    struct position *list;
    size_t count, room;
};

static void add_position(struct positions *positions, uint64_t name, int64_t created_ns,
                         uint64_t next)
{
    if (positions->count == positions->room) {
        size_t room = positions->room == 0 ? 64 : positions->room * 2;
        struct position *list = realloc(positions->list, room * sizeof(*list));

        if (list == NULL)
            return;
        positions->list = list;
        positions->room = room;
    }
    positions->list[positions->count++] =
        (struct position){ .name = name, .created_ns = created_ns, .next = next };
}

static void add_plugin_position(void *context, const char *plugin, const char *source,
                                const char *subsystem, int64_t created_ns, uint64_t next)
{
    add_position(context, hash_plugin(plugin, source, subsystem), created_ns, next);
}

void *alert_follow_positions(const struct alert *alert, size_t *out_bytes)
{
    struct positions positions = { 0 };

    for (const struct alert_line *line = alert->lines; line != NULL; line = line->next)
        add_position(&positions, line->name_hash, line->created_ns,
                     line->cursor.next - (line->has_sample ? 1 : 0));
    if (alert->clock.is_replay) {
        add_position(&positions, hash_plugin("replay", "moves", ""),
                     (int64_t)alert->clock.replay.stamp.epoch, alert->clock.replay.moves);
        add_position(&positions, hash_plugin("replay", "order", ""),
                     (int64_t)alert->clock.replay.stamp.epoch, alert->clock.order);
    }
    alert_plugins_positions(alert, add_plugin_position, &positions);
    /* Of what has not come back since the start. */
    for (size_t at = 0; at + sizeof(struct position) <= alert->positions_bytes;
         at += sizeof(struct position)) {
        struct position kept;

        memcpy(&kept, (const char *)alert->positions + at, sizeof(kept));
        if (kept.name != 0)
            add_position(&positions, kept.name, kept.created_ns, kept.next);
    }
    *out_bytes = positions.count * sizeof(*positions.list);
    return positions.list;
}

/* Where the journal says that this line, or a plugin in it, was; only once. */
static bool take_position(const struct alert *alert, uint64_t name, struct position *out)
{
    char *bytes = alert->positions;
    const uint64_t taken = 0;

    for (size_t at = 0; at + sizeof(*out) <= alert->positions_bytes; at += sizeof(*out)) {
        memcpy(out, bytes + at, sizeof(*out));
        if (out->name != name)
            continue;
        memcpy(bytes + at + offsetof(struct position, name), &taken, sizeof(taken));
        return true;
    }
    return false;
}

bool alert_follow_was_in(const struct alert *alert, uint64_t epoch, uint64_t moves,
                         uint64_t *out_order)
{
    struct position journey, order;
    bool is_kept = take_position(alert, hash_plugin("replay", "moves", ""), &journey) &&
                   take_position(alert, hash_plugin("replay", "order", ""), &order);

    if (!is_kept || (uint64_t)journey.created_ns != epoch || journey.next != moves)
        return false;
    *out_order = order.next;
    return true;
}

void alert_follow_plugin_positions(const struct alert *alert, const char *plugin,
                                   struct wf_strbuf *out)
{
    for (const struct alert_line *line = alert->lines; line != NULL; line = line->next) {
        struct position position;

        if (take_position(alert, hash_plugin(plugin, line->source, line->subsystem), &position))
            wf_strbuf_addf(out, "P %s %s %lld %llu\n", line->source, line->subsystem,
                           (long long)position.created_ns, (unsigned long long)position.next);
    }
}

/* --- regions ------------------------------------------------------------------------------------ */

struct wf_schema *alert_copy_schema(const struct wf_schema *schema)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *copy = NULL;
    struct wf_strbuf text;

    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_schema_write(schema, &text);
    if (text.was_cut ||
        wf_schema_parse(schema->name, text.text, text.len, &copy, &problems, NULL) < 0)
        copy = NULL;
    wf_problems_fini(&problems);
    wf_strbuf_fini(&text);
    return copy;
}

/* A schema that a line has no more; the roster looks at it until there is another roster. */
static void retire_schema(struct alert *alert, struct alert_line *line)
{
    struct alert_retired *retired = line->member >= 0 ? malloc(sizeof(*retired)) : NULL;

    if (line->member >= 0)
        alert->members[line->member] = NULL;
    else
        wf_schema_free(&line->schema);
    if (retired != NULL) { /* without memory it is kept for ever, which is better than a crash */
        retired->schema = line->schema;
        retired->next = alert->retired;
        alert->retired = retired;
    }
    line->schema = NULL;
    line->member = -1;
}

void alert_follow_free_retired(struct alert *alert)
{
    while (alert->retired != NULL) {
        struct alert_retired *gone = alert->retired;

        alert->retired = gone->next;
        wf_schema_free(&gone->schema);
        free(gone);
    }
}

/* Small numbers for the programs that write, so that samples of one are told apart quickly. */
static unsigned writer_number(struct alert *alert, const char *role)
{
    for (unsigned i = 0; i < alert->writer_count; i++)
        if (wf_name_is_equal(alert->writers[i], role))
            return i;
    if (alert->writer_count == ALERT_WRITERS_MAX)
        return ALERT_WRITERS_MAX - 1;
    (void)wf_copy_text(alert->writers[alert->writer_count], WF_NAME_SIZE, role);
    return alert->writer_count++;
}

static int take_schema(struct alert *alert, struct alert_line *line, const struct wf_schema *schema)
{
    struct wf_schema *copy;
    void *payload;

    if (line->schema != NULL && line->schema->schema_hash == schema->schema_hash)
        return 0;
    copy = alert_copy_schema(schema);
    payload = malloc(schema->payload_bytes);
    if (copy == NULL || payload == NULL) {
        wf_schema_free(&copy);
        free(payload);
        return WF_ERR_NOMEM;
    }
    if (line->schema != NULL)
        retire_schema(alert, line);
    free(line->payload);
    line->schema = copy;
    line->condition_count = copy->condition_count;
    line->context_count = copy->context_count;
    line->payload = payload;
    alert->is_changed = true;
    return 0;
}

static struct alert_line *new_line(struct alert *alert, const struct wf_region_info *info)
{
    struct alert_line *line = calloc(1, sizeof(*line));
    struct position position;

    if (line == NULL)
        return NULL;
    line->member = -1;
    (void)wf_copy_text(line->source, sizeof(line->source), info->source);
    (void)wf_copy_text(line->subsystem, sizeof(line->subsystem), info->subsystem);
    line->name_hash = hash_line(line->source, line->subsystem);
    if (take_position(alert, line->name_hash, &position)) {
        line->created_ns = position.created_ns;
        line->cursor.next = position.next;
    } else if (info->head > info->slot_count) {
        /* Never seen before: what the ring has overwritten is no loss of ours. */
        line->created_ns = info->created_ns;
        line->cursor.next = info->head - info->slot_count / 4 * 3;
    }
    line->next = alert->lines;
    alert->lines = line;
    alert->is_changed = true;
    return line;
}

/* A region that is new to us, or took another's place. */
static void take_region(struct alert *alert, struct wf_region *region)
{
    struct wf_region_info info;
    struct alert_line *line;

    wf_region_info(region, &info);
    if (info.kind != WF_KIND_SAMPLES)
        return;
    line = alert_follow_find(alert, info.source, info.subsystem);
    if (line == NULL)
        line = new_line(alert, &info);
    if (line == NULL || take_schema(alert, line, wf_region_schema(region)) < 0) {
        wf_log_error("%s.%s: out of memory; not judged", info.source, info.subsystem);
        return;
    }
    line->writer = writer_number(alert, info.role);
    line->region = region;
    if (line->created_ns != info.created_ns || line->cursor.next > info.head) {
        line->created_ns = info.created_ns;
        memset(&line->cursor, 0, sizeof(line->cursor));
    }
}

/* Before a region is closed: everything in it is judged, in order with the others. */
static void region_is_going(void *context, struct wf_region *region)
{
    struct alert *alert = context;

    for (struct alert_line *line = alert->lines; line != NULL; line = line->next) {
        if (line->region != region)
            continue;
        for (int runs = 0; runs < 1000 && alert_follow_run(alert); runs++)
            ;
        /* Judging may be held up, or a roster missing. */
        if (line->head > line->cursor.next || line->has_sample)
            alert_follow_tell_lost(alert, line,
                                   line->head - line->cursor.next + (line->has_sample ? 1 : 0));
        alert_blackbox_line_goes(alert, line);
        line->region = NULL;
        line->has_sample = false;
    }
}

static void take_regions(struct alert *alert)
{
    for (size_t i = 0; i < wf_watch_count(alert->watch); i++) {
        struct wf_region *region = wf_watch_region(alert->watch, i);
        bool is_known = false;

        for (const struct alert_line *line = alert->lines; line != NULL && !is_known;
             line = line->next)
            is_known = line->region == region;
        if (!is_known)
            take_region(alert, region);
    }
    for (size_t i = 0; wf_watch_trouble(alert->watch, i) != NULL; i++)
        wf_log_warning("%s; its alarms are not judged", wf_watch_trouble(alert->watch, i));
    alert_clock_look(alert);
}

void alert_follow_refresh(struct alert *alert)
{
    struct wf_err err = { 0 };
    int rc = wf_watch_refresh(alert->watch, &err);

    if (rc < 0)
        wf_log_warning("look for regions: %s; looking again", err.text);
    if (rc > 0)
        take_regions(alert);
    else
        alert_clock_look(alert);
    if (!alert->is_changed || !alert->is_open)
        return;
    alert->is_changed = false;
    if (alert_judge_rebuild(alert, alert->settings, &err) < 0)
        wf_log_error("%s; going on with the alarms there were", err.text);
}

static void on_bell(void *context)
{
    struct alert *alert = context;

    alert_follow_wake(alert);
    mon_bell_listen(alert->bell);
}

/* The configuration's globs as words; at most as many as there is room for. */
static size_t split_patterns(char *text, const char **words, size_t max)
{
    size_t count = 0;

    while (count < max) {
        text += strspn(text, " \t\n,");
        if (*text == '\0')
            break;
        words[count++] = text;
        text += strcspn(text, " \t\n,");
        if (*text != '\0')
            *text++ = '\0';
    }
    return count;
}

int alert_follow_open(struct alert *alert, struct wf_err *err)
{
    const char *words[WORDS_MAX];
    struct wf_watch_options options = { .instance = alert->instance,
                                        .patterns = words,
                                        .going = region_is_going,
                                        .going_context = alert };
    char *copy = strdup(alert->settings->subsystems);
    int rc;

    if (copy == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    options.pattern_count = split_patterns(copy, words, WORDS_MAX - 1);
    if (options.pattern_count > 0) /* the clock of a replay, whatever is judged */
        words[options.pattern_count++] = WF_SOURCE_OWN "." WF_REPLAY_SUBSYSTEM;
    rc = wf_watch_open(&options, &alert->watch, err);
    free(copy);
    if (rc == 0)
        rc = mon_bell_start(&alert->loop, alert->watch, on_bell, alert, &alert->bell, err);
    if (rc < 0)
        return rc;
    take_regions(alert);
    mon_bell_listen(alert->bell);
    return 0;
}

void alert_follow_close(struct alert *alert)
{
    mon_bell_stop(&alert->bell);
    for (struct alert_line *line = alert->lines; line != NULL; line = line->next) {
        if (line->region != NULL)
            alert_blackbox_line_goes(alert, line);
        line->region = NULL;
        if (line->has_sample)
            line->cursor.next--;
        line->has_sample = false;
    }
    wf_watch_close(&alert->watch);
}

/* Of lines without a region: those that nothing means any more, or all of them. */
static void drop_lines(struct alert *alert, const char *patterns)
{
    struct alert_line **at = &alert->lines;

    while (*at != NULL) {
        struct alert_line *line = *at;

        if (line->region != NULL ||
            (patterns != NULL &&
             wf_pattern_list_match(patterns, line->source, line->subsystem, NULL))) {
            at = &line->next;
            continue;
        }
        *at = line->next;
        if (line->schema != NULL)
            retire_schema(alert, line);
        free(line->payload);
        free(line);
        alert->is_changed = true;
    }
}

int alert_follow_reopen(struct alert *alert, struct wf_err *err)
{
    int rc;

    alert_follow_close(alert);
    drop_lines(alert, alert->settings->subsystems);
    rc = alert_follow_open(alert, err);
    alert->is_changed = false;
    return rc < 0 ? rc : alert_judge_rebuild(alert, alert->settings, err);
}

void alert_follow_fini(struct alert *alert)
{
    for (struct alert_line *line = alert->lines; line != NULL; line = line->next)
        line->member = -1; /* the roster is gone: nothing is looked at any more */
    drop_lines(alert, NULL);
    alert_follow_free_retired(alert);
}
