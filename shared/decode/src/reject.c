/* SPDX-License-Identifier: MIT */
/* Names and sentences of the reasons why something was not published. */

#include <watchfloor/decode/reject.h>

const char *wf_reject_name(enum wf_reject reject)
{
    static const char *const names[] = {
#define X(name, key, text) [WF_REJECT_##name] = key,
        WF_REJECT_LIST(X)
#undef X
    };

    return (unsigned)reject < WF_REJECT_COUNT ? names[reject] : "?";
}

const char *wf_reject_text(enum wf_reject reject)
{
    static const char *const texts[] = {
#define X(name, key, text) [WF_REJECT_##name] = text,
        WF_REJECT_LIST(X)
#undef X
    };

    return (unsigned)reject < WF_REJECT_COUNT ? texts[reject] : "?";
}
