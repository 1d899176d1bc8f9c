/* SPDX-License-Identifier: MIT */
/* Gap causes and their texts: see <watchfloor/store/gap.h>. */

#include <watchfloor/store/gap.h>

#include <string.h>

#include <watchfloor/attributes.h>

static const struct {
    const char *name, *sentence;
    bool is_published;
} causes[] = {
#define X(id, text, published, what) { text, what, published },
    WF_GAP_CAUSE_LIST(X)
#undef X
};

const char *wf_gap_cause_name(enum wf_gap_cause cause)
{
    return (size_t)cause < WF_COUNT_OF(causes) ? causes[cause].name : "?";
}

const char *wf_gap_cause_sentence(enum wf_gap_cause cause)
{
    return (size_t)cause < WF_COUNT_OF(causes) ? causes[cause].sentence : "?";
}

char wf_gap_cause_letter(enum wf_gap_cause cause)
{
    static const char letters[WF_GAP_CAUSE_COUNT] = {
        [WF_GAP_RING_OVERRUN] = 'O', [WF_GAP_LOGGER_DOWN] = 'L', [WF_GAP_STORE_FAILED] = 'D',
        [WF_GAP_FILE_CORRUPT] = 'X', [WF_GAP_CONFLICT] = 'C',    [WF_GAP_REGION_REPLACED] = 'R',
        [WF_GAP_SEQUENCE_GAP] = 'g', [WF_GAP_LINK_SILENT] = 's', [WF_GAP_WRITER_RESTART] = 'r',
        [WF_GAP_KERNEL_DROP] = 'k',  [WF_GAP_REJECTED] = 'x',    [WF_GAP_CLOCK_JUMP] = 'j',
        [WF_GAP_RETENTION] = 'E',    [WF_GAP_IMPORT_LOST] = 'i',
    };

    return cause < WF_GAP_CAUSE_COUNT && letters[cause] != '\0' ? letters[cause] : '?';
}

bool wf_gap_is_published(enum wf_gap_cause cause)
{
    return (size_t)cause < WF_COUNT_OF(causes) && causes[cause].is_published;
}

enum wf_gap_cause wf_gap_cause_from_name(const char *name)
{
    for (size_t i = 0; i < WF_COUNT_OF(causes); i++) {
        if (strcmp(causes[i].name, name) == 0)
            return (enum wf_gap_cause)i;
    }
    return WF_GAP_CAUSE_COUNT;
}
