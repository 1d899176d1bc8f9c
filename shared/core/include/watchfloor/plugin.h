/* SPDX-License-Identifier: MIT */
#ifndef WF_PLUGIN_H
#define WF_PLUGIN_H

/*
 * Plugins - modules that monitors load: displays, alert conditions, ways to notify.
 *
 * A module exports one constant record, `wf_plugin`. Its first five fields
 * never move. A field is only ever added at the end, with a bump of
 * WF_PLUGIN_ABI_MINOR; anything else bumps the major and retires every plugin
 * built before. Hosts copy min(their size, ours) into a zeroed record.
 *
 * A plugin gets everything as arguments, may call libwatchfloor's public
 * functions, keeps no mutable globals, and runs only in monitors, never in the
 * receiver or the logger.
 *
 * History of the ABI number: 1.0 first release; 1.1 WF_PLUGIN_NOTIFY;
 * 1.2 wf_view.past.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/canvas.h>
#include <watchfloor/region.h>
#include <watchfloor/schema.h>
#include <watchfloor/value.h>

#define WF_PLUGIN_MAGIC     UINT32_C(0x46574c50) /* "PLWF" in memory */
#define WF_PLUGIN_ABI_MAJOR 1
#define WF_PLUGIN_ABI_MINOR 2
#define WF_PLUGIN_SYMBOL    "wf_plugin"
#define WF_PLUGIN_EXPORT    WF_EXPORT

enum wf_plugin_kind {
    WF_PLUGIN_DISPLAY = 1,
    WF_PLUGIN_ALERT = 2,
    WF_PLUGIN_DECODER = 3,
    WF_PLUGIN_NOTIFY = 4,
};

struct wf_notify_ops; /* <watchfloor/notify.h> */

/* The values of one step of time. */
struct wf_past_step {
    int64_t from_ns; /* whole multiple of the length of a step */
    uint64_t count;  /* values in it; 0: there were only some that make no sense */
    double min, max, mean, last;
};

/* A stretch without values, and why. */
struct wf_past_gap {
    int64_t from_ns, to_ns;
    char letter;       /* as in `wf query --plot`; 'n': values that make no sense */
    const char *cause; /* "logger_down" */
};

/*
 * The past of one parameter: recorded history and what came since as one, each sample once. All
 * times are those of the samples: device time, or time of receipt where there is none.
 */
struct wf_past {
    size_t size;            /* sizeof(struct wf_past) in the host */
    int64_t from_ns, to_ns; /* what was asked; `to` is now */
    int64_t step_ns;
    const struct wf_past_step *steps; /* ascending; one that nothing came in is not there */
    size_t step_count;
    const struct wf_past_gap *gaps; /* those that are known */
    size_t gap_count;
    int64_t recorded_ns; /* up to here it is history, behind it live; WF_TIME_NONE: all is live */
    uint64_t samples;    /* in the steps */
    const char *tiers;   /* what history is made from: "hour+minute+raw"; "" */
    const char *trouble; /* why history is not there, or not whole; "" */
    int is_being_read;   /* history comes with one of the next drawings */
};

#define WF_PAST_STEPS_MAX 1024

/* A subsystem as a display sees it: the newest sample and the recent past. */
struct wf_view {
    size_t size; /* sizeof(struct wf_view) in the host */
    const char *source, *subsystem;
    const struct wf_schema *schema;
    const void *data;             /* newest payload = struct <subsystem>_info; NULL = never */
    const struct wf_stamp *stamp; /* of data; NULL = never */
    int64_t now_utc_ns, now_mono_ns;
    int is_live; /* 0: the writer stopped or is silent */
    /*
     * The last `count` values of a parameter that the host saw, with the times of the samples,
     * oldest first, as doubles; returns how many.
     */
    size_t (*recent)(const struct wf_view *view, size_t parameter, double *out_values,
                     int64_t *out_utc_ns, size_t count);
    void *host; /* the host's own */
    /* Since 1.2. NULL where there is no past; displays call wf_view_past. */
    const struct wf_past *(*past)(const struct wf_view *view, size_t parameter, int64_t span_ns,
                                  size_t steps);
};

/* Helpers over a view (libwatchfloor). */
enum wf_quality wf_view_quality(const struct wf_view *view, size_t parameter);
int wf_view_severity(const struct wf_view *view, size_t parameter); /* 0..5, instantaneous */
enum wf_style wf_view_style(const struct wf_view *view,
                            size_t parameter); /* severity, dim if stale */
/* The limit crossed (enum wf_limit), or -1: up for WF_HI and above, down otherwise. */
int wf_view_limit(const struct wf_view *view, size_t parameter);
/*
 * What a bar of it spans: its limits with some room around them, else its valid range;
 * ticks are lolo, lo, hi, hihi (NAN = not set). False when neither is known.
 */
bool wf_view_range(const struct wf_view *view, size_t parameter, double *out_lo, double *out_hi,
                   double out_ticks[4]);
/*
 * "16.25 V ^", "INV", "--" (never received), "n/a" (not in this packet), "8.5 V ~14s":
 * value with unit, direction of the limit crossed, quality (L late, S substituted,
 * ? suspect), age when stale.
 */
void wf_view_text(const struct wf_view *view, size_t parameter, struct wf_strbuf *out);

/*
 * The past of a scalar parameter: the last `span_ns` in about `steps` (at most WF_PAST_STEPS_MAX)
 * steps. Never blocks: history is read beside, and until it is there this is what came since the
 * host began to look. Ask again in every drawing, for no more than four parameters. Borrowed
 * until the callback returns. NULL when the host has none (it is older, or out of memory).
 */
const struct wf_past *wf_view_past(const struct wf_view *view, size_t parameter, int64_t span_ns,
                                   size_t steps);

/*
 * A display. All callbacks run in the host's one thread and must return soon
 * (no blocking, no waiting; draw may allocate but should not). A display that
 * takes longer than 100 ms is reported, one that crashes is left out.
 */
struct wf_display_ops {
    size_t size; /* sizeof(struct wf_display_ops) in the plugin */
    /* Optional: make state for one page; freed by close. */
    void *(*open)(const struct wf_schema *schema);
    void (*close)(void *state);
    /* Draw everything into `part`; called at up to 10 Hz and at every resize. */
    void (*draw)(void *state, const struct wf_canvas_part *part, const struct wf_view *view);
    /* Optional: a key as a Unicode code point or enum wf_key; return 1 if it was used. */
    int (*key)(void *state, uint32_t key, const struct wf_view *view);
};

enum wf_key {
    WF_KEY_UP = 0x110001,
    WF_KEY_DOWN,
    WF_KEY_LEFT,
    WF_KEY_RIGHT,
    WF_KEY_PAGE_UP,
    WF_KEY_PAGE_DOWN,
    WF_KEY_HOME,
    WF_KEY_END,
    WF_KEY_ENTER,
    WF_KEY_ESCAPE,
    WF_KEY_TAB,
    WF_KEY_BACKSPACE,
};

/* An alert condition: says true, false or unknown; the engine does everything else. */
struct wf_alert_ops {
    size_t size;
    void *(*open)(const struct wf_schema *schema);
    void (*close)(void *state);
    /* 0 false, 1 true, 2 unknown (enum wf_truth); `why` is shown to people. */
    int (*judge)(void *state, const struct wf_view *view, struct wf_strbuf *why);
};

struct wf_decoder_ops {
    size_t size;
    /* Packet to payload in a worker process: 0, or WF_ERR_INVALID (counted as bad). */
    int (*decode)(const uint8_t *packet, size_t len, void *payload, size_t payload_bytes);
};

/* A struct the plugin casts view->data to: refused unless the layout is the one it was built for. */
struct wf_plugin_need {
    const char *subsystem; /* NULL ends the list */
    uint64_t layout_hash;  /* <NAME>_INFO_LAYOUT_HASH */
};

struct wf_plugin {
    uint32_t magic;
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t size; /* sizeof(struct wf_plugin) in the plugin */
    uint32_t kind; /* enum wf_plugin_kind */

    const char *name; /* [a-z0-9-]+, equals the file name without .so */
    const char *version;
    const char *summary;            /* one line, shown by `wf plugins` */
    struct wf_plugin_need needs[8]; /* none = works on every subsystem */
    union {
        const struct wf_display_ops *display;
        const struct wf_alert_ops *alert;
        const struct wf_decoder_ops *decoder;
        const struct wf_notify_ops *notify;
    } ops;
};

#define WF_PLUGIN_HEADER(plugin_kind)                                                              \
    .magic = WF_PLUGIN_MAGIC, .abi_major = WF_PLUGIN_ABI_MAJOR, .abi_minor = WF_PLUGIN_ABI_MINOR,  \
    .size = sizeof(struct wf_plugin), .kind = (plugin_kind)

/* --- for hosts ---------------------------------------------------------------------------- */

struct wf_module;

/*
 * Load one module after checking its file: regular, owned by root or us, not
 * writable by others (nor its folder), ELF of this machine, segments inside the
 * file, name [a-z0-9-]+ equal to the file's. Then dlopen RTLD_NOW | RTLD_LOCAL
 * of the very inode that was checked, then the record.
 *   WF_ERR_ABSENT WF_ERR_DENIED WF_ERR_CORRUPT WF_ERR_VERSION WF_ERR_INVALID
 * each with the reason in err, naming the file.
 */
int wf_module_load(const char *path, struct wf_module **out_module, struct wf_err *err);
void wf_module_unload(struct wf_module **module);
/* Clamped copy of the record, ops tables clamped too; valid until unload. */
const struct wf_plugin *wf_module_plugin(const struct wf_module *module);
/*
 * Does it fit this schema? 0 (also when it works on every subsystem), or
 *   WF_ERR_ABSENT    it is made for other subsystems
 *   WF_ERR_VERSION   built for another layout of this one; err says so
 */
int wf_module_fits(const struct wf_module *module, const struct wf_schema *schema,
                   struct wf_err *err);

#endif /* WF_PLUGIN_H */
