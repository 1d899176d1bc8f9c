/* SPDX-License-Identifier: MIT */
/* What became of imported packets: every one of them is in exactly one of the counts. */

#include "import_packets.h"

#include <inttypes.h>

static void tell_target(const struct import_packets *import, const struct import_source *source,
                        const struct import_target *target)
{
    const struct import_sink *sink = &target->sink;

    if (sink->rows + sink->duplicates == 0)
        return;
    (void)printf("%s.%s: %" PRIu64 " rows %s, %" PRIu64 " there already", source->name,
                 sink->schema->name, sink->rows,
                 import->options->is_dry ? "would be stored" : "stored", sink->duplicates);
    if (target->missing > 0)
        (void)printf("; %" PRIu64 " packets missing by its sequence count", target->missing);
    (void)printf("\n");
}

static void tell_rejected(const struct import_packets *import, enum wf_reject reason)
{
    const struct import_place *place = &import->first[reason];

    if (import->rejected[reason] == 0)
        return;
    (void)printf("  %" PRIu64 " %s (%s), first at %s:%" PRIu64 "\n", import->rejected[reason],
                 wf_reject_name(reason), wf_reject_text(reason), place->file, place->offset);
}

bool import_tell(const struct import_packets *import)
{
    uint64_t rows = 0, duplicates = 0, rejected = 0;

    for (const struct import_source *source = import->sources; source != NULL;
         source = source->next) {
        for (size_t i = 0; i < source->count; i++) {
            tell_target(import, source, &source->targets[i]);
            rows += source->targets[i].sink.rows;
            duplicates += source->targets[i].sink.duplicates;
        }
    }
    for (int i = 0; i < WF_REJECT_COUNT; i++)
        rejected += import->rejected[i];
    (void)printf("%" PRIu64 " packets = %" PRIu64 " rows %s + %" PRIu64 " there already + %" PRIu64
                 " rejected + %" PRIu64 " idle + %" PRIu64 " segments joined to others\n",
                 import->packets, rows, import->options->is_dry ? "to store" : "stored", duplicates,
                 rejected, import->idle, import->joined);
    for (int i = 0; i < WF_REJECT_COUNT; i++)
        tell_rejected(import, (enum wf_reject)i);
    if (import->rubbish_bytes > 0)
        (void)printf("  %" PRIu64 " bytes in no packet\n", import->rubbish_bytes);
    return rejected == 0;
}
