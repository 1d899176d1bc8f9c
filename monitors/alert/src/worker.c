/* SPDX-License-Identifier: MIT */
/*
 * One alert plugin in a process of its own: follows the regions that it fits and says what it
 * thinks of every sample. What goes wrong in here ends this process and nothing else.
 */

#include "alert.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <watchfloor/plugin.h>

#include "plugin_talk.h"

#define WAIT_MS    100
#define REFRESH_NS WF_NS_PER_S
#define ALIVE_NS   (100 * WF_NS_PER_MS)
#define RUN_MAX    256
#define RECENT_MAX 100000

/* A region that the plugin fits. */
struct subject {
    struct subject *next;
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    struct wf_region *region; /* the watch's; NULL: gone */
    const struct wf_schema *schema;
    int64_t created_ns;
    struct wf_cursor cursor;
    void *payload;
    void *state; /* the plugin's */
    uint64_t schema_hash;
};

/* Where the monitor says to go on. */
struct start {
    struct start *next;
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    int64_t created_ns;
    uint64_t number;
};

struct worker {
    struct wf_module *module;
    const struct wf_plugin *plugin;
    struct wf_watch *watch;
    struct subject *subjects;
    struct start *starts;
    const char *instance;
    unsigned deadline_s; /* of one judgement */
    int64_t said_ns;
};

/* --- talking ---------------------------------------------------------------------------------- */

static void say(struct worker *worker, const char *line)
{
    size_t len = strlen(line);

    while (len > 0) {
        ssize_t written = write(ALERT_WORKER_FD, line, len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            _exit(0); /* nobody listens any more */
        line += written;
        len -= (size_t)written;
    }
    worker->said_ns = wf_mono_now_ns();
}

static void sayf(struct worker *worker, const char *format, ...) WF_PRINTF(2, 3);
static void sayf(struct worker *worker, const char *format, ...)
{
    char room[ALERT_WORKER_LINE_MAX];
    struct wf_strbuf line = WF_STRBUF_FIXED(room);
    va_list args;

    va_start(args, format);
    wf_strbuf_vaddf(&line, format, args);
    va_end(args);
    if (line.was_cut)
        room[sizeof(room) - 2] = '\n';
    else
        wf_strbuf_add_char(&line, '\n');
    say(worker, room);
}

static void read_start(struct worker *worker, const char *line)
{
    struct start *start = calloc(1, sizeof(*start));
    long long created;
    unsigned long long number;

    if (start != NULL && sscanf(line, "P %48s %48s %lld %llu", start->source, start->subsystem,
                                &created, &number) == 4) {
        start->created_ns = created;
        start->number = number;
        start->next = worker->starts;
        worker->starts = start;
    } else {
        free(start);
    }
}

static void read_starts(struct worker *worker)
{
    char line[ALERT_WORKER_LINE_MAX];

    while (fgets(line, sizeof(line), stdin) != NULL && line[0] != 'G')
        if (line[0] == 'P')
            read_start(worker, line);
}

static bool is_monitor_gone(void)
{
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

    return poll(&input, 1, 0) > 0;
}

/* --- what a plugin sees -------------------------------------------------------------------------- */

struct seeing {
    const struct subject *subject;
    const struct wf_stamp *stamp;
};

static size_t recent(const struct wf_view *view, size_t parameter, double *out_values,
                     int64_t *out_utc_ns, size_t count)
{
    const struct seeing *seeing = view->host;
    const struct subject *subject = seeing->subject;
    uint64_t last = seeing->stamp->number, first;
    size_t found = 0;
    void *payload;

    if (parameter >= subject->schema->parameter_count || count == 0)
        return 0;
    if (count > RECENT_MAX)
        count = RECENT_MAX;
    payload = malloc(subject->schema->payload_bytes);
    if (payload == NULL)
        return 0;
    first = last + 1 > count ? last + 1 - count : 0;
    for (uint64_t number = first; number <= last; number++) {
        struct wf_stamp stamp;
        struct wf_value value;

        if (wf_region_read(subject->region, number, payload, subject->schema->payload_bytes,
                           &stamp) < 0)
            continue;
        wf_value_get(subject->schema, payload, parameter, 0, &value);
        out_values[found] = wf_value_as_double(&value);
        if (out_utc_ns != NULL)
            out_utc_ns[found] =
                stamp.device_ns != WF_TIME_NONE ? stamp.device_ns : stamp.received_ns;
        found++;
    }
    free(payload);
    return found;
}

static void judge(struct worker *worker, struct subject *subject, const struct wf_stamp *stamp)
{
    struct seeing seeing = { .subject = subject, .stamp = stamp };
    const struct wf_view view = {
        .size = sizeof(view),
        .source = subject->source,
        .subsystem = subject->subsystem,
        .schema = subject->schema,
        .data = subject->payload,
        .stamp = stamp,
        .now_utc_ns = stamp->received_ns,
        .now_mono_ns = stamp->received_mono_ns,
        .is_live = 1,
        .recent = recent,
        .host = &seeing,
    };
    char room[ALERT_WHY_SIZE];
    struct wf_strbuf why = WF_STRBUF_FIXED(room);
    int truth;

    (void)alarm(worker->deadline_s);
    truth = worker->plugin->ops.alert->judge(subject->state, &view, &why);
    (void)alarm(0);
    if (truth < WF_FALSE || truth > WF_UNKNOWN)
        truth = WF_UNKNOWN;
    for (char *at = room; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20)
            *at = ' ';
    sayf(worker, "J %s %s %lld %llu %llu %llu %lld %lld %lld %d %s", subject->source,
         subject->subsystem, (long long)subject->created_ns, (unsigned long long)stamp->number,
         (unsigned long long)stamp->epoch, (unsigned long long)stamp->order,
         (long long)stamp->received_mono_ns, (long long)stamp->received_ns,
         (long long)stamp->device_ns, truth, room);
}

/* --- regions --------------------------------------------------------------------------------------- */

static bool run_subject(struct worker *worker, struct subject *subject)
{
    bool is_more = true;

    for (unsigned i = 0; i < RUN_MAX && is_more; i++) {
        struct wf_stamp stamp;
        uint64_t lost;
        int rc = wf_region_next(subject->region, &subject->cursor, subject->payload,
                                subject->schema->payload_bytes, &stamp, &lost);

        if (rc == 0)
            judge(worker, subject, &stamp);
        is_more = rc == 0 || rc == WF_ERR_LIMIT;
    }
    return is_more;
}

static bool run_all(struct worker *worker)
{
    bool is_more = false;

    for (struct subject *at = worker->subjects; at != NULL; at = at->next)
        if (at->region != NULL)
            is_more = run_subject(worker, at) || is_more;
    return is_more;
}

static void close_state(struct worker *worker, struct subject *subject)
{
    if (worker->plugin->ops.alert->close != NULL && subject->state != NULL)
        worker->plugin->ops.alert->close(subject->state);
    subject->state = NULL;
    free(subject->payload);
    subject->payload = NULL;
}

static void region_is_going(void *context, struct wf_region *region)
{
    struct worker *worker = context;

    for (struct subject *at = worker->subjects; at != NULL; at = at->next) {
        if (at->region != region)
            continue;
        while (run_subject(worker, at))
            ;
        close_state(worker, at);
        at->region = NULL;
    }
}

static struct subject *find_subject(struct worker *worker, const struct wf_region_info *info)
{
    struct subject *subject = worker->subjects;

    while (subject != NULL && !(wf_name_is_equal(subject->source, info->source) &&
                                wf_name_is_equal(subject->subsystem, info->subsystem)))
        subject = subject->next;
    if (subject != NULL)
        return subject;
    subject = calloc(1, sizeof(*subject));
    if (subject == NULL)
        return NULL;
    (void)wf_copy_text(subject->source, sizeof(subject->source), info->source);
    (void)wf_copy_text(subject->subsystem, sizeof(subject->subsystem), info->subsystem);
    subject->next = worker->subjects;
    worker->subjects = subject;
    return subject;
}

/* Where the monitor was; else with the newest sample. */
static void set_cursor(const struct worker *worker, struct subject *subject,
                       const struct wf_region_info *info)
{
    const struct start *start = worker->starts;
    bool is_same = subject->created_ns == info->created_ns;

    while (start != NULL && !(wf_name_is_equal(start->source, subject->source) &&
                              wf_name_is_equal(start->subsystem, subject->subsystem)))
        start = start->next;
    if (is_same)
        return;
    memset(&subject->cursor, 0, sizeof(subject->cursor));
    if (start != NULL && start->created_ns == info->created_ns && start->number <= info->head)
        subject->cursor.next = start->number;
    else if (subject->created_ns == 0)
        subject->cursor.next = info->head > 0 ? info->head - 1 : 0;
    subject->created_ns = info->created_ns;
}

static void take_region(struct worker *worker, struct wf_region *region)
{
    const struct wf_schema *schema = wf_region_schema(region);
    struct wf_region_info info;
    struct subject *subject;

    wf_region_info(region, &info);
    if (info.kind != WF_KIND_SAMPLES || wf_module_fits(worker->module, schema, NULL) < 0)
        return;
    subject = find_subject(worker, &info);
    if (subject == NULL || subject->region == region)
        return;
    subject->payload = malloc(schema->payload_bytes);
    if (subject->payload == NULL)
        return;
    subject->region = region;
    subject->schema = schema;
    set_cursor(worker, subject, &info);
    (void)alarm(worker->deadline_s);
    if (worker->plugin->ops.alert->open != NULL)
        subject->state = worker->plugin->ops.alert->open(schema);
    (void)alarm(0);
    sayf(worker, "F %s %s", subject->source, subject->subsystem);
}

static void take_regions(struct worker *worker)
{
    for (size_t i = 0; i < wf_watch_count(worker->watch); i++)
        take_region(worker, wf_watch_region(worker->watch, i));
}

/* --- the process ----------------------------------------------------------------------------------- */

/* What a plugin has no business with. */
static void give_up_rights(void)
{
    const struct rlimit none = { 0, 0 };
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)setrlimit(RLIMIT_FSIZE, &none);
    if (null >= 0)
        (void)dup2(null, STDOUT_FILENO);
    (void)fcntl(ALERT_WORKER_FD, F_SETFD, FD_CLOEXEC);
}

static int load(struct worker *worker, const char *path)
{
    struct wf_err err = { 0 };
    int rc;

    /* A module's constructors run before anything of it can be checked. */
    (void)alarm(worker->deadline_s);
    rc = wf_module_load(path, &worker->module, &err);
    (void)alarm(0);
    if (rc < 0) {
        sayf(worker, "E %s", err.text);
        return 1;
    }
    worker->plugin = wf_module_plugin(worker->module);
    if (worker->plugin->kind != WF_PLUGIN_ALERT)
        return ALERT_WORKER_OTHER;
    if (worker->plugin->ops.alert == NULL || worker->plugin->ops.alert->judge == NULL) {
        sayf(worker, "E %s: an alert plugin without a judge function", path);
        return 1;
    }
    sayf(worker, "H %s", worker->plugin->name);
    return 0;
}

static int run(struct worker *worker)
{
    int64_t refreshed_ns = wf_mono_now_ns();

    take_regions(worker);
    while (!is_monitor_gone()) {
        bool is_more = run_all(worker);
        int64_t now_ns = wf_mono_now_ns();

        if (now_ns - refreshed_ns > REFRESH_NS) {
            if (wf_watch_refresh(worker->watch, NULL) > 0)
                take_regions(worker);
            refreshed_ns = now_ns;
        }
        if (now_ns - worker->said_ns > ALIVE_NS)
            say(worker, "A\n");
        if (!is_more)
            (void)wf_watch_wait(worker->watch, WAIT_MS);
    }
    for (struct subject *at = worker->subjects; at != NULL; at = at->next)
        close_state(worker, at);
    return 0;
}

/* PATH INSTANCE DEADLINE_S PATTERN... */
int alert_worker_main(int argc, char **argv)
{
    static struct worker worker;
    struct wf_watch_options options = { .going = region_is_going, .going_context = &worker };
    struct wf_err err = { 0 };
    uint64_t deadline_s = 0;
    int status;

    if (argc < 5 || wf_parse_u64(argv[4], &deadline_s, NULL) < 0)
        return 2;
    give_up_rights();
    worker.deadline_s = (unsigned)deadline_s;
    status = load(&worker, argv[2]);
    if (status != 0)
        return status;
    read_starts(&worker);
    options.instance = argv[3];
    options.patterns = (const char *const *)(argv + 5);
    options.pattern_count = (size_t)(argc - 5);
    if (wf_watch_open(&options, &worker.watch, &err) < 0) {
        sayf(&worker, "E %s", err.text);
        return 1;
    }
    status = run(&worker);
    wf_watch_close(&worker.watch);
    return status;
}
