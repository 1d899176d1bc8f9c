/* SPDX-License-Identifier: MIT */
/* Thinning: see thin.h. */

#include "thin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/value.h>

struct log_rules {
    struct wf_config_record *list; /* own texts */
    size_t count;
};

struct log_thin {
    enum wf_config_recording mode;
    int64_t every_ns;
    const struct wf_schema *schema;
    struct wf_deadband *deadbands; /* one a parameter */
    bool has_kept;
    uint64_t next; /* number that follows the last one seen */
    struct wf_stamp kept;
    unsigned char *payload; /* the one that was kept last */
};

struct log_rules *log_rules_create(const struct wf_config *config)
{
    struct log_rules *rules = calloc(1, sizeof(*rules));

    if (rules == NULL)
        return NULL;
    rules->list = calloc(config->record_count + 1, sizeof(*rules->list));
    for (size_t i = 0; rules->list != NULL && i < config->record_count; i++) {
        struct wf_config_record *record = &rules->list[rules->count++];

        *record = config->records[i];
        record->subsystems = strdup(config->records[i].subsystems);
        record->deadband = strdup(config->records[i].deadband);
        if (record->subsystems == NULL || record->deadband == NULL) {
            log_rules_destroy(&rules);
            return NULL;
        }
    }
    if (rules->list == NULL)
        log_rules_destroy(&rules);
    return rules;
}

void log_rules_destroy(struct log_rules **rules)
{
    if (*rules == NULL)
        return;
    for (size_t i = 0; i < (*rules)->count; i++) {
        free((*rules)->list[i].subsystems);
        free((*rules)->list[i].deadband);
    }
    free((*rules)->list);
    free(*rules);
    *rules = NULL;
}

void log_thin_destroy(struct log_thin **thin)
{
    if (*thin == NULL)
        return;
    free((*thin)->deadbands);
    free((*thin)->payload);
    free(*thin);
    *thin = NULL;
}

/* What is said of all is said of measured numbers: the next mode or state is always a change. */
static int find_deadband(const struct wf_config_record *rule, const struct wf_parameter *parameter,
                         struct wf_deadband *out, struct wf_err *err)
{
    int rc = wf_config_deadband(rule, parameter->name, out, err);

    if (rc == 0 && !out->is_own &&
        (parameter->enumeration != WF_NO_INDEX || parameter->storage == WF_STORE_BOOL))
        *out = (struct wf_deadband){ .size = 0 };
    return rc;
}

static int begin(const struct wf_config_record *rule, const struct wf_schema *schema,
                 struct log_thin *thin, struct wf_err *err)
{
    int rc = 0;

    thin->mode = rule->mode;
    thin->every_ns = rule->every_ns;
    thin->schema = schema;
    if (rule->mode != WF_RECORD_CHANGE)
        return 0;
    thin->deadbands = calloc(schema->parameter_count + 1, sizeof(*thin->deadbands));
    thin->payload = malloc(schema->payload_bytes + 1u);
    if (thin->deadbands == NULL || thin->payload == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; rc == 0 && i < schema->parameter_count; i++)
        rc = find_deadband(rule, &schema->parameters[i], &thin->deadbands[i], err);
    return rc;
}

int log_thin_create(const struct log_rules *rules, const char *source,
                    const struct wf_schema *schema, struct log_thin **out_thin, struct wf_err *err)
{
    const struct wf_config_record *rule = NULL;
    struct log_thin *thin;
    int rc;

    *out_thin = NULL;
    for (size_t i = 0; rule == NULL && i < rules->count; i++) {
        if (wf_pattern_list_match(rules->list[i].subsystems, source, schema->name, NULL))
            rule = &rules->list[i];
    }
    if (rule == NULL || rule->mode == WF_RECORD_ALL)
        return 0;
    thin = calloc(1, sizeof(*thin));
    if (thin == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    rc = begin(rule, schema, thin, err);
    if (rc < 0)
        log_thin_destroy(&thin);
    *out_thin = thin;
    return rc;
}

/* --- has anything changed? ----------------------------------------------------------------- */

static bool is_same_bytes(const struct wf_value *a, const struct wf_value *b)
{
    return a->len == b->len && (a->len == 0 || memcmp(a->as.bytes, b->as.bytes, a->len) == 0);
}

static bool is_within(const struct wf_value *now, const struct wf_value *before,
                      const struct wf_deadband *deadband)
{
    double x, y;

    if (now->kind != before->kind)
        return false;
    switch (now->kind) {
    case WF_VALUE_NONE:
        return true;
    case WF_VALUE_TEXT:
    case WF_VALUE_BYTES:
        return is_same_bytes(now, before);
    case WF_VALUE_U64:
    case WF_VALUE_I64:
    case WF_VALUE_BOOL:
    case WF_VALUE_TIME:
        /* Exact: whole numbers beyond 2^53 differ where doubles do not. */
        if (deadband->size <= 0 || now->kind == WF_VALUE_TIME)
            return now->as.u64 == before->as.u64;
        break;
    case WF_VALUE_F64:
        break;
    }
    x = wf_value_as_double(now);
    y = wf_value_as_double(before);
    if (isnan(x) || isnan(y))
        return isnan(x) && isnan(y);
    if (x == y || !isfinite(x) || !isfinite(y))
        return x == y;
    return fabs(x - y) <= (deadband->is_relative ? deadband->size * fabs(y) : deadband->size);
}

static bool has_changed(const struct log_thin *thin, const unsigned char *payload)
{
    const struct wf_schema *schema = thin->schema;

    for (size_t i = 0; i < schema->parameter_count; i++) {
        uint32_t at = schema->parameters[i].quality_offset;
        size_t count;

        if (payload[at] != thin->payload[at])
            return true;
        if (payload[at] == WF_QUALITY_ABSENT)
            continue;
        count = wf_value_count(schema, payload, i);
        if (count != wf_value_count(schema, thin->payload, i))
            return true;
        for (size_t k = 0; k < count; k++) {
            struct wf_value now, before;

            wf_value_get(schema, payload, i, k, &now);
            wf_value_get(schema, thin->payload, i, k, &before);
            if (!is_within(&now, &before, &thin->deadbands[i]))
                return true;
        }
    }
    return false;
}

static int64_t period_of(const struct log_thin *thin, int64_t time_ns)
{
    return time_ns / thin->every_ns - (time_ns % thin->every_ns < 0);
}

static bool is_due(const struct log_thin *thin, const struct wf_stamp *stamp, const void *payload)
{
    const struct wf_stamp *kept = &thin->kept;

    /* The edges of a hole are kept, and what a new life of the writer begins with. */
    if (!thin->has_kept || stamp->epoch != kept->epoch || stamp->lost_before > 0 ||
        stamp->rejected_before > 0 || stamp->number != thin->next)
        return true;
    if (thin->mode == WF_RECORD_PERIOD)
        return period_of(thin, stamp->received_ns) != period_of(thin, kept->received_ns);
    /* A clock that was set back must not hold up what is due. */
    if (thin->every_ns > 0 && (stamp->received_ns < kept->received_ns ||
                               stamp->received_ns - kept->received_ns >= thin->every_ns))
        return true;
    return has_changed(thin, payload);
}

bool log_thin_is_wanted(struct log_thin *thin, const struct wf_stamp *stamp, const void *payload)
{
    bool is_wanted = is_due(thin, stamp, payload);

    thin->next = stamp->number + 1;
    if (!is_wanted)
        return false;
    thin->has_kept = true;
    thin->kept = *stamp;
    if (thin->payload != NULL)
        memcpy(thin->payload, payload, thin->schema->payload_bytes);
    return true;
}
