/* SPDX-License-Identifier: MIT */
#ifndef WFI_CONFIG_KEYS_H
#define WFI_CONFIG_KEYS_H

/*
 * The one table of configuration keys. The loader, its range checks,
 * `wf check --print-config` and the shipped watchfloor.ini all come from it.
 */

#include <stdbool.h>
#include <stddef.h>

#include <watchfloor/config.h>

/* What a value is, and the C type of the member it goes to. */
enum wfi_key_type {
    WFI_KEY_TEXT,     /* char * */
    WFI_KEY_FOLDERS,  /* char *, ':' or line feeds between them */
    WFI_KEY_NAME,     /* char *, a name as in names.h */
    WFI_KEY_WORD,     /* char *, one of the words in `low` */
    WFI_KEY_BOOL,     /* bool */
    WFI_KEY_PORT,     /* uint16_t */
    WFI_KEY_COUNT,    /* uint32_t */
    WFI_KEY_SIZE,     /* uint64_t bytes */
    WFI_KEY_DURATION, /* int64_t ns */
    WFI_KEY_NUMBER,   /* double */
    WFI_KEY_CHOICE,   /* enum: position among the words in `low` */
};

struct wfi_key {
    const char *section; /* kind */
    const char *name;
    enum wfi_key_type type;
    size_t offset;          /* in struct wf_config, or in the item of a named section */
    const char *standard;   /* the default, as text */
    const char *low, *high; /* range as text, or words separated by blanks in `low`; NULL = any */
    const char *example;    /* what the shipped file sets; NULL = it leaves the default */
    const char *sentence;
};

/* A kind of section. Named ones make one item each in a list of struct wf_config. */
struct wfi_section_kind {
    const char *kind;
    bool is_named;
    size_t item_bytes;                /* named: of one item; 0 = the items are not made from keys */
    size_t name_offset, line_offset;  /* named: members of the item */
    size_t list_offset, count_offset; /* named: members of struct wf_config */
    const char *example;              /* name in the shipped file; "" for unnamed */
    const char *sentence;
    const char *sample; /* lines of the shipped file beyond keys, commented out; NULL = none */
};

extern const struct wfi_key wfi_keys[];
extern const size_t wfi_key_count;
extern const struct wfi_section_kind wfi_section_kinds[];
extern const size_t wfi_section_kind_count;

/* Set the member of `object` from text; on failure it is untouched and err says what is expected. */
int wfi_key_set(const struct wfi_key *key, void *object, const char *text, struct wf_err *err);
/* The member as text that wfi_key_set takes. */
void wfi_key_get(const struct wfi_key *key, const void *object, struct wf_strbuf *out);
/* "0 .. 100ms, default 1ms" */
void wfi_key_add_range(const struct wfi_key *key, struct wf_strbuf *out);
/* Free and forget the text, if it is a text. */
void wfi_key_clear(const struct wfi_key *key, void *object);

/* The shipped watchfloor.ini: every key, commented out where it only says the default. */
void wfi_config_example(struct wf_strbuf *out);

#endif /* WFI_CONFIG_KEYS_H */
