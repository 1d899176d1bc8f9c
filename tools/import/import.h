/* SPDX-License-Identifier: MIT */
#ifndef IMPORT_H
#define IMPORT_H

/* wf-import - definitions that a mission has already, as schemas to go on with. */

#include <stdbool.h>

#include <watchfloor/err.h>
#include <watchfloor/problems.h>
#include <watchfloor/strbuf.h>

#define IMPORT_TEXT_MAX (4u << 20)

struct import_options {
    const char *file;
    const char *out;         /* folder that gets NAME/NAME.ini for each */
    const char *select;      /* glob over names, or NULL */
    const char *name, *apid; /* of tables that do not say */
    const char *schema;      /* folder with the schemas that units are for */
    bool is_forced;          /* write over files that are there */
};

struct import_result {
    struct wf_problems notes; /* what could not be carried over */
    unsigned schemas, parameters;
};

/* write.c: check the text as any schema is checked, then write OUT/NAME/NAME.ini. */
int import_write(const struct import_options *options, const char *name, const char *text,
                 struct import_result *result, struct wf_err *err);

/* The same into a file that is named. */
int import_write_file(const struct import_options *options, const char *path, const char *text,
                      struct import_result *result, struct wf_err *err);

/* "key = words", going on in indented lines; nothing when there are no words. */
void import_write_text(struct wf_strbuf *out, const char *key, const char *text);

int import_csv(const struct import_options *options, struct import_result *result,
               struct wf_err *err);
/* Polynomials and units of a table into schemas that are there. */
int import_units(const struct import_options *options, struct import_result *result,
                 struct wf_err *err);
int import_xtce(const struct import_options *options, struct import_result *result,
                struct wf_err *err);

#endif /* IMPORT_H */
