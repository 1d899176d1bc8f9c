/* SPDX-License-Identifier: MIT */
/* Recorded packets into history: see import_packets.h. */

#include "import_packets.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/store/packet_log.h>

#include "recorded.h"

/* --- a recording ---------------------------------------------------------------------------------- */

/* Where the packets of the file under way go. */
struct route {
    struct import_packets *import;
    struct import_source *source;
};

static void take_packet(void *context, const struct recorded_packet *packet)
{
    struct route *route = context;
    const struct import_packet taken = { .bytes = packet->bytes,
                                         .len = packet->len,
                                         .file = route->import->file,
                                         .offset = packet->offset,
                                         .received_ns = packet->received_ns };

    if (route->import->err.rc == 0)
        import_source_take(route->import, route->source, &taken);
}

/* A run of bytes that are no packet counts as one that was rejected, as the receiver has it. */
static void take_rubbish(void *context, enum wf_reject reason, uint64_t offset, uint64_t len)
{
    struct route *route = context;

    (void)len;
    route->import->packets++;
    import_reject(route->import, reason, route->import->file, offset, 1);
}

static bool is_well(void *context)
{
    return ((const struct route *)context)->import->err.rc == 0;
}

static int import_recording(struct import_packets *import, const char *path, struct wf_err *err)
{
    const struct history_import_options *options = import->options;
    const char *name = options->source != NULL    ? options->source
                       : import->listener != NULL ? import->listener->source
                                                  : WF_SOURCE_MAIN;
    struct route route = { import, import_source_get(import, name) };
    const struct recorded_hearer hearer = { take_packet, take_rubbish, is_well, &route };
    struct recorded_counts counts = { 0 };
    int rc;

    if (route.source == NULL)
        return import->err.rc;
    struct recorded_options how = { .format = RECORDED_AUTO,
                                    .stages = options->stages,
                                    .known = intake_known(route.source->intake) };

    if (how.stages == NULL)
        how.stages = import->listener != NULL ? import->listener->framing : "";
    rc = recorded_read(path, &how, &hearer, &counts, err);
    import->rubbish_bytes += counts.rubbish_bytes;
    return rc;
}

/* --- an archive of packets --------------------------------------------------------------------- */

static int take_row(void *context, const struct wf_packet_row *row)
{
    struct import_packets *import = context;
    struct import_source *source = import_source_get(import, row->packet.source);
    const struct import_packet taken = { .bytes = row->packet.bytes,
                                         .len = row->packet.len,
                                         .file = import->file,
                                         .offset = row->packet.number,
                                         .received_ns = row->packet.received_ns,
                                         .epoch = row->epoch,
                                         .number = row->packet.number };
    int64_t now = import->is_live ? wf_mono_now_ns() : 0;

    if (source == NULL)
        return import->err.rc;
    import_source_take(import, source, &taken);
    if (import->is_live && now >= import->show_next_ns) {
        import->show_next_ns = now + WF_NS_PER_S / 4;
        (void)fprintf(stderr, "\r%s: %" PRIu64 " packets ", import->file, import->packets);
    }
    return import->err.rc;
}

/* "X/packets/2026-11-20.db": X is what the archive is asked for by, and the day. */
static int split_archive(const char *path, char out_folder[WF_PATH_SIZE], int64_t *out_day_ns,
                         struct wf_err *err)
{
    static const char packets[] = "packets";
    char day[16] = "", *slash;

    if (!wf_copy_text(out_folder, WF_PATH_SIZE, path))
        return wf_fail(err, WF_ERR_LIMIT, "%s: the path is too long", path);
    slash = strrchr(out_folder, '/');
    if (slash != NULL) {
        (void)snprintf(day, sizeof(day), "%.10s", slash + 1);
        *slash = '\0';
        slash = strrchr(out_folder, '/');
    }
    if (wf_parse_time(day, 0, out_day_ns, NULL) < 0 ||
        strcmp(slash != NULL ? slash + 1 : out_folder, packets) != 0)
        return wf_fail(err, WF_ERR_INVALID,
                       "%s: a database; of these only days of a packet archive can be imported,"
                       " named as FOLDER/packets/2026-11-20.db",
                       path);
    if (slash == NULL)
        (void)wf_copy_text(out_folder, WF_PATH_SIZE, ".");
    else
        slash[slash == out_folder] = '\0';
    return 0;
}

static int import_archive(struct import_packets *import, const char *path, struct wf_err *err)
{
    const struct history_import_options *options = import->options;
    struct wf_packet_query query = {
        .source = options->source,
        .listener = import->listener != NULL ? import->listener->name : NULL,
        .apid = -1,
    };
    struct wf_packet_archive *archive = NULL;
    char folder[WF_PATH_SIZE];
    const char *trouble;
    int rc = split_archive(path, folder, &query.from_ns, err);

    if (rc < 0)
        return rc;
    query.to_ns = query.from_ns + WF_NS_PER_DAY;
    rc = wf_packet_archive_open(folder, &archive, err);
    if (rc == 0)
        rc = wf_packet_archive_each(archive, &query, take_row, import, err);
    trouble = archive != NULL ? wf_packet_archive_trouble(archive, 0) : NULL;
    if (rc == 0 && trouble != NULL)
        rc = wf_fail(err, WF_ERR_CORRUPT, "%s", trouble);
    wf_packet_archive_close(&archive);
    return rc < 0 && import->err.rc == 0 ? rc : import->err.rc;
}

/* --- all of it ------------------------------------------------------------------------------------ */

static bool is_database(const char *path)
{
    static const char magic[] = "SQLite format 3";
    char head[sizeof(magic)] = "";
    FILE *file = fopen(path, "rb");
    bool is = false;

    if (file != NULL) {
        is = fread(head, 1, sizeof(head), file) == sizeof(head) &&
             memcmp(head, magic, sizeof(magic)) == 0;
        (void)fclose(file);
    }
    return is;
}

static int import_file(struct import_packets *import, const char *path, struct wf_err *err)
{
    struct stat status;
    int rc;

    if (stat(path, &status) != 0)
        return wf_fail_errno(err, errno, "%s", path);
    import->file = path;
    import->file_ns = (int64_t)status.st_mtime * WF_NS_PER_S;
    import->last_ns = WF_TIME_NONE;
    rc =
        is_database(path) ? import_archive(import, path, err) : import_recording(import, path, err);
    if (import->err.rc < 0)
        *err = import->err;
    return import->err.rc < 0 ? import->err.rc : rc;
}

static int find_listener(struct import_packets *import, struct wf_err *err)
{
    const struct wf_config *config = import->writing.config;
    const char *name = import->options->listener;

    for (size_t i = 0; name != NULL && i < config->listener_count; i++) {
        if (wf_name_is_equal(config->listeners[i].name, name))
            import->listener = &config->listeners[i];
    }
    return name == NULL || import->listener != NULL
               ? 0
               : wf_fail(err, WF_ERR_ABSENT, "--listener '%s': none of that name in %s", name,
                         config->file);
}

static int run(struct import_packets *import, const struct wf_common *common, struct wf_err *err)
{
    const struct history_import_options *options = import->options;
    int rc = history_writing_configure(&import->writing, common, err);

    if (rc == 0)
        rc = find_listener(import, err);
    if (rc == 0 && !import_ranks_make(&import->ranks))
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (rc == 0 && !options->is_dry)
        rc = history_writing_open(&import->writing, common, err);
    for (int i = 0; rc == 0 && i < options->file_count; i++)
        rc = import_file(import, options->files[i], err);
    if (import->is_live)
        (void)fputs("\r\033[K", stderr);
    for (struct import_source *source = import->sources; rc == 0 && source != NULL;
         source = source->next)
        rc = import_source_end(import, source, err);
    return rc == 0 && !options->is_dry ? history_writing_settle(&import->writing, err) : rc;
}

int history_import_packets(const struct wf_common *common, const char *folder,
                           const struct history_import_options *options)
{
    struct import_packets *import = calloc(1, sizeof(*import));
    struct wf_err err = { 0 };
    bool is_well = false;
    int rc;

    if (import == NULL) {
        (void)fprintf(stderr, "wf-history: out of memory\n");
        return STATUS_CANNOT;
    }
    import->options = options;
    import->writing.folder = folder;
    import->began_ns = wf_utc_now_ns();
    import->is_live = isatty(STDERR_FILENO) == 1;
    rc = run(import, common, &err);
    if (rc == 0)
        is_well = import_tell(import);
    import_sources_free(import);
    import_ranks_fini(&import->ranks);
    history_writing_close(&import->writing);
    free(import);
    if (rc < 0)
        (void)fprintf(stderr, "wf-history: %s; what was stored stays, begin again to go on\n",
                      err.text);
    return rc < 0 ? STATUS_CANNOT : is_well ? EXIT_SUCCESS : STATUS_NOT_WELL;
}
