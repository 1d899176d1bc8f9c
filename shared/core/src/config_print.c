/* SPDX-License-Identifier: MIT */
/* The configuration as a file: what is in force, and the example that is shipped. */

#include <watchfloor/config.h>

#include <string.h>

#include "config_keys.h"

#define COMMENT_COLUMNS 96

/* `text` as comment lines, broken at blanks. */
static void add_comment(struct wf_strbuf *out, const char *text)
{
    while (*text != '\0') {
        size_t len = strlen(text);

        if (len > COMMENT_COLUMNS) {
            len = COMMENT_COLUMNS;
            while (len > 0 && text[len] != ' ')
                len--;
            if (len == 0)
                len = strcspn(text, " ");
        }
        wf_strbuf_add(out, "; ");
        wf_strbuf_add_bytes(out, text, len);
        wf_strbuf_add_char(out, '\n');
        text += len;
        text += strspn(text, " ");
    }
}

static void add_key_comment(struct wf_strbuf *out, const struct wfi_key *key)
{
    char room[1024];
    struct wf_strbuf text = WF_STRBUF_FIXED(room);

    wf_strbuf_addf(&text, "%s (", key->sentence);
    wfi_key_add_range(key, &text);
    wf_strbuf_add_char(&text, ')');
    add_comment(out, room);
}

/* Values of several lines continue indented, as they are read. */
static void add_value(struct wf_strbuf *out, const char *name, const char *value)
{
    wf_strbuf_addf(out, "%s =%s", name, value[0] != '\0' ? " " : "");
    for (; *value != '\0'; value++) {
        wf_strbuf_add_char(out, *value);
        if (*value == '\n')
            wf_strbuf_add(out, "    ");
    }
    wf_strbuf_add_char(out, '\n');
}

static void add_section_head(struct wf_strbuf *out, const char *kind, const char *name)
{
    wf_strbuf_addf(out, "[%s%s%s]\n", kind, name[0] != '\0' ? " " : "", name);
}

/* --- in force -------------------------------------------------------------------------------- */

static void print_object(struct wf_strbuf *out, const char *kind, const void *object)
{
    for (size_t i = 0; i < wfi_key_count; i++) {
        struct wf_strbuf value;

        if (strcmp(wfi_keys[i].section, kind) != 0)
            continue;
        wf_strbuf_init(&value, WF_INI_BYTES_MAX);
        wfi_key_get(&wfi_keys[i], object, &value);
        add_key_comment(out, &wfi_keys[i]);
        add_value(out, wfi_keys[i].name, value.text);
        wf_strbuf_fini(&value);
    }
    wf_strbuf_add_char(out, '\n');
}

static void print_overlays(struct wf_strbuf *out, const struct wf_config *config)
{
    for (size_t i = 0; i < config->overlay_count; i++) {
        const struct wf_ini_section *section = config->overlays[i].section;

        add_section_head(out, section->kind, section->name);
        for (size_t k = 0; k < section->key_count; k++)
            add_value(out, section->keys[k].name, section->keys[k].value);
        wf_strbuf_add_char(out, '\n');
    }
}

void wf_config_print(const struct wf_config *config, struct wf_strbuf *out)
{
    for (size_t i = 0; i < wfi_section_kind_count; i++) {
        const struct wfi_section_kind *kind = &wfi_section_kinds[i];
        const char *item;
        size_t count;

        add_comment(out, kind->sentence);
        if (!kind->is_named) {
            add_section_head(out, kind->kind, "");
            print_object(out, kind->kind, config);
            continue;
        }
        if (kind->item_bytes == 0) {
            print_overlays(out, config);
            continue;
        }
        item = *(char *const *)(const void *)((const char *)config + kind->list_offset);
        count = *(const size_t *)(const void *)((const char *)config + kind->count_offset);
        for (; count > 0; count--, item += kind->item_bytes) {
            add_section_head(out, kind->kind, item + kind->name_offset);
            print_object(out, kind->kind, item);
        }
    }
}

/* --- the example ----------------------------------------------------------------------------- */

static void add_sample(struct wf_strbuf *out, const char *sample)
{
    for (const char *at = sample; *at != '\0';) {
        size_t len = strcspn(at, "\n") + 1;

        wf_strbuf_add_char(out, ';');
        wf_strbuf_add_bytes(out, at, len);
        at += len;
    }
}

void wfi_config_example(struct wf_strbuf *out)
{
    add_comment(out,
                "Watchfloor's configuration. Every key is here; those that begin with ';' show "
                "their default. After a change: `wf check`, then reload (HUP) or restart. "
                "Long values continue on the next line, indented.");
    for (size_t i = 0; i < wfi_section_kind_count; i++) {
        const struct wfi_section_kind *kind = &wfi_section_kinds[i];

        wf_strbuf_add_char(out, '\n');
        add_comment(out, kind->sentence);
        if (kind->sample != NULL) {
            add_sample(out, kind->sample);
            continue;
        }
        add_section_head(out, kind->kind, kind->example);
        for (size_t k = 0; k < wfi_key_count; k++) {
            const struct wfi_key *key = &wfi_keys[k];

            if (strcmp(key->section, kind->kind) != 0)
                continue;
            wf_strbuf_add_char(out, '\n');
            add_key_comment(out, key);
            if (key->example == NULL)
                wf_strbuf_add_char(out, ';');
            add_value(out, key->name, key->example != NULL ? key->example : key->standard);
        }
    }
}
