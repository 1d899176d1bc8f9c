/* SPDX-License-Identifier: MIT */
/* Parsed schemas, shared: see schema_ref.h. */

#include "schema_ref.h"

#include <stdlib.h>
#include <string.h>

static int parse(const char *text, size_t len, struct wf_schema **out_schema, struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    int rc = wf_schema_parse("schema", text, len, out_schema, &problems, err);

    /* Nobody but a program writes canonical text: whatever is wrong with it is damage. */
    if (rc == WF_ERR_INVALID)
        rc = wf_fail(err, WF_ERR_CORRUPT, "its schema cannot be read: line %u: %s",
                     problems.kept > 0 ? problems.list[0].line : 0,
                     problems.kept > 0 ? problems.list[0].text : "not a schema");
    wf_problems_fini(&problems);
    return rc;
}

/* Takes over `text`, on failure too. */
static int make_ref(struct wfi_schema_cache *cache, char *text, size_t len,
                    struct wfi_schema_ref **out_ref, struct wf_err *err)
{
    struct wfi_schema_ref *ref = calloc(1, sizeof(*ref));
    int rc;

    if (ref == NULL) {
        free(text);
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    ref->text = text;
    ref->len = len;
    ref->holders = 1;
    rc = parse(text, len, &ref->schema, err);
    if (rc < 0) {
        wfi_schema_ref_put(&ref);
        return rc;
    }
    if (cache != NULL) {
        ref->holders++;
        ref->next = cache->first;
        cache->first = ref;
    }
    *out_ref = ref;
    return 0;
}

int wfi_schema_ref_get(struct wfi_schema_cache *cache, const void *text, size_t len,
                       struct wfi_schema_ref **out_ref, struct wf_err *err)
{
    struct wfi_schema_ref *ref = cache != NULL ? cache->first : NULL;
    char *copy = NULL;

    for (; ref != NULL; ref = ref->next) {
        if (ref->len == len && memcmp(ref->text, text, len) == 0) {
            ref->holders++;
            *out_ref = ref;
            return 0;
        }
    }
    copy = malloc(len); /* shared memory may change while we parse */
    if (copy == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    memcpy(copy, text, len);
    return make_ref(cache, copy, len, out_ref, err);
}

int wfi_schema_ref_copy(struct wfi_schema_cache *cache, const struct wf_schema *schema,
                        struct wfi_schema_ref **out_ref, struct wf_err *err)
{
    struct wf_strbuf text;
    int rc = 0;

    /* Within one process the hash is our own word: good enough to skip the writing. */
    for (struct wfi_schema_ref *ref = cache->first; ref != NULL; ref = ref->next) {
        if (ref->schema->schema_hash == schema->schema_hash &&
            strcmp(ref->schema->name, schema->name) == 0) {
            ref->holders++;
            *out_ref = ref;
            return 0;
        }
    }
    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_schema_write(schema, &text);
    if (text.was_cut)
        rc = wf_fail(err, WF_ERR_LIMIT, "schema '%s' has more than %u bytes", schema->name,
                     WF_SCHEMA_TEXT_MAX);
    else
        rc = wfi_schema_ref_get(cache, text.text, text.len, out_ref, err);
    wf_strbuf_fini(&text);
    return rc;
}

void wfi_schema_ref_put(struct wfi_schema_ref **ref)
{
    struct wfi_schema_ref *gone = *ref;

    *ref = NULL;
    if (gone == NULL || --gone->holders > 0)
        return;
    wf_schema_free(&gone->schema);
    free(gone->text);
    free(gone);
}

void wfi_schema_cache_sweep(struct wfi_schema_cache *cache)
{
    struct wfi_schema_ref **at = &cache->first;

    while (*at != NULL) {
        struct wfi_schema_ref *ref = *at;

        if (ref->holders > 1) {
            at = &ref->next;
            continue;
        }
        *at = ref->next;
        wfi_schema_ref_put(&ref);
    }
}

void wfi_schema_cache_fini(struct wfi_schema_cache *cache)
{
    while (cache->first != NULL) {
        struct wfi_schema_ref *ref = cache->first;

        cache->first = ref->next;
        ref->next = NULL;
        wfi_schema_ref_put(&ref);
    }
}
