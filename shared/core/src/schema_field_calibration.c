/* SPDX-License-Identifier: MIT */
/* Raw to engineering in schemas: polynomials, tables, enumerations, valid ranges. */

#include "schema_private.h"

#include <math.h>
#include <string.h>

#define COEFFICIENTS_MAX 32
#define POINTS_MAX       4096

static size_t count_words(const char *text)
{
    char word[4];
    size_t count = 0;

    while (wfi_next_word(&text, ",", word, sizeof(word)))
        count++;
    return count;
}

/* "c0 c1 c2 ..." into `calibrator`. */
static bool read_coefficients(struct wfi_reader *reader, const char *text,
                              struct wf_calibrator *calibrator)
{
    size_t count = count_words(text);
    char word[64];

    if (count == 0 || count > COEFFICIENTS_MAX) {
        wfi_problem(reader, "%zu coefficients; 1 to %d are taken, c0 first", count,
                    COEFFICIENTS_MAX);
        return false;
    }
    calibrator->kind = WF_CALIBRATOR_POLYNOMIAL;
    calibrator->x = NULL;
    calibrator->order = 0;
    calibrator->y = wfi_arena_get(reader->arena, count, sizeof(double));
    if (calibrator->y == NULL)
        return false;
    for (calibrator->count = 0; wfi_next_word(&text, ",", word, sizeof(word)); calibrator->count++)
        if (!wfi_read_number(reader, word, &calibrator->y[calibrator->count]))
            return false;
    return true;
}

/* "raw:engineering ..." into `calibrator`. */
static bool read_points(struct wfi_reader *reader, const char *text,
                        struct wf_calibrator *calibrator)
{
    size_t count = count_words(text);
    char word[96];
    size_t i = 0;

    if (count == 0 || count > POINTS_MAX) {
        wfi_problem(reader, "%zu points; 1 to %d are taken", count, POINTS_MAX);
        return false;
    }
    calibrator->kind = WF_CALIBRATOR_TABLE;
    calibrator->order = 1;
    calibrator->x = wfi_arena_get(reader->arena, count, sizeof(double));
    calibrator->y = wfi_arena_get(reader->arena, count, sizeof(double));
    if (calibrator->x == NULL || calibrator->y == NULL)
        return false;
    for (; wfi_next_word(&text, ",", word, sizeof(word)); i++) {
        char *colon = strchr(word, ':');

        if (colon == NULL) {
            wfi_problem(reader, "'%.60s' is not RAW:ENGINEERING", word);
            return false;
        }
        *colon = '\0';
        if (!wfi_read_number(reader, word, &calibrator->x[i]) ||
            !wfi_read_number(reader, colon + 1, &calibrator->y[i]))
            return false;
        if (i > 0 && calibrator->x[i] <= calibrator->x[i - 1]) {
            wfi_problem(reader, "raw values must ascend: %s does not", word);
            return false;
        }
    }
    calibrator->count = i;
    return true;
}

static void write_coefficients(const struct wf_calibrator *calibrator, struct wf_strbuf *out)
{
    for (size_t i = 0; i < calibrator->count; i++) {
        if (i > 0)
            wf_strbuf_add_char(out, ' ');
        wf_strbuf_add_double(out, calibrator->y[i]);
    }
}

static void write_points(const struct wf_calibrator *calibrator, struct wf_strbuf *out)
{
    for (size_t i = 0; i < calibrator->count; i++) {
        if (i > 0)
            wf_strbuf_add_char(out, ' ');
        wf_strbuf_add_double(out, calibrator->x[i]);
        wf_strbuf_add_char(out, ':');
        wf_strbuf_add_double(out, calibrator->y[i]);
    }
}

/* --- a parameter's own ------------------------------------------------------------- */

/* A calibrator without name, of this parameter alone; room for it was made beforehand. */
static void take_calibrator(struct wfi_reader *reader, struct wf_parameter *parameter,
                            const struct wf_calibrator *calibrator)
{
    struct wf_schema *schema = reader->schema;

    parameter->choice_count = 0;
    /* An overlay replaces what was the parameter's own. */
    if (parameter->calibrator >= 0 && schema->calibrators[parameter->calibrator].name[0] == '\0') {
        schema->calibrators[parameter->calibrator] = *calibrator;
        return;
    }
    parameter->calibrator = (int)schema->calibrator_count;
    schema->calibrators[schema->calibrator_count++] = *calibrator;
}

static const struct wf_calibrator *own_calibrator(const struct wf_schema *schema,
                                                  const void *object)
{
    const struct wf_parameter *parameter = object;
    const struct wf_calibrator *calibrator;

    if (parameter->calibrator < 0)
        return NULL;
    calibrator = &schema->calibrators[parameter->calibrator];
    return calibrator->name[0] == '\0' ? calibrator : NULL;
}

void wfi_read_polynomial(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                         const char *text)
{
    struct wf_calibrator calibrator = { .when = wfi_arena_text(reader->arena, "", 0) };

    (void)key;
    if (read_coefficients(reader, text, &calibrator))
        take_calibrator(reader, object, &calibrator);
}

void wfi_write_polynomial(const struct wf_schema *schema, const struct wfi_key *key,
                          const void *object, struct wf_strbuf *out)
{
    const struct wf_calibrator *own = own_calibrator(schema, object);

    (void)key;
    if (own != NULL && own->kind == WF_CALIBRATOR_POLYNOMIAL)
        write_coefficients(own, out);
}

void wfi_read_table(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                    const char *text)
{
    struct wf_calibrator calibrator = { .when = wfi_arena_text(reader->arena, "", 0) };

    (void)key;
    if (!read_points(reader, text, &calibrator))
        return;
    if (calibrator.count < 2)
        wfi_problem(reader, "a line needs two points");
    else
        take_calibrator(reader, object, &calibrator);
}

void wfi_write_table(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                     struct wf_strbuf *out)
{
    const struct wf_calibrator *own = own_calibrator(schema, object);

    (void)key;
    if (own != NULL && own->kind == WF_CALIBRATOR_TABLE)
        write_points(own, out);
}

static int find_calibrator(struct wfi_reader *reader, const char *name)
{
    const struct wf_schema *schema = reader->schema;
    const char *names[64];
    size_t name_count = 0;
    char hint[100];

    for (size_t i = 0; i < schema->calibrator_count; i++) {
        const char *own = schema->calibrators[i].name;

        if (own[0] != '\0' && wf_name_is_equal(own, name))
            return (int)i;
        if (own[0] != '\0' && name_count < WF_COUNT_OF(names))
            names[name_count++] = own;
    }
    wfi_problem(reader, "there is no [calibrator %.60s]%s", name,
                wfi_suggest(reader, name, names, name_count, hint, sizeof(hint)));
    return WF_NO_INDEX;
}

/* One name, or several: those that apply under a condition, and behind them one that always does. */
void wfi_read_calibrator(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                         const char *text)
{
    const struct wf_schema *schema = reader->schema;
    struct wf_parameter *parameter = object;
    size_t count = count_words(text), i = 0;
    int *list;
    char word[WF_NAME_SIZE + 8];

    (void)key;
    if (count == 0 || count > WF_SCHEMA_CHOICES_MAX) {
        wfi_problem(reader, "%zu calibrators; 1 to %d can be named", count, WF_SCHEMA_CHOICES_MAX);
        return;
    }
    list = wfi_arena_get(reader->arena, count, sizeof(*list));
    if (list == NULL)
        return;
    for (; wfi_next_word(&text, ",", word, sizeof(word)); i++) {
        list[i] = find_calibrator(reader, word);
        if (list[i] < 0)
            return;

        bool is_always = schema->calibrators[list[i]].when[0] == '\0';

        if (is_always && i + 1 < count) {
            wfi_problem(reader, "'%s' has no 'when', so those behind it are never used", word);
            return;
        }
        if (!is_always && i + 1 == count) {
            wfi_problem(reader,
                        "'%s' has a 'when'; name one without behind it, for all other times "
                        "('polynomial = 0 1' leaves the raw value)",
                        word);
            return;
        }
    }
    parameter->calibrator = list[count - 1];
    parameter->choices = list;
    parameter->choice_count = count - 1;
}

void wfi_write_calibrator(const struct wf_schema *schema, const struct wfi_key *key,
                          const void *object, struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = object;

    (void)key;
    for (size_t i = 0; i < parameter->choice_count; i++)
        wf_strbuf_addf(out, "%s ", schema->calibrators[parameter->choices[i]].name);
    if (parameter->calibrator >= 0)
        wf_strbuf_add(out, schema->calibrators[parameter->calibrator].name);
}

void wfi_read_enumeration(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                          const char *text)
{
    const struct wf_schema *schema = reader->schema;
    const char *names[64];
    size_t name_count = 0;
    char hint[100];

    (void)key;
    for (size_t i = 0; i < schema->enumeration_count; i++) {
        if (wf_name_is_equal(schema->enumerations[i].name, text)) {
            ((struct wf_parameter *)object)->enumeration = (int)i;
            return;
        }
        if (name_count < WF_COUNT_OF(names))
            names[name_count++] = schema->enumerations[i].name;
    }
    wfi_problem(reader, "there is no [enumeration %.60s]%s", text,
                wfi_suggest(reader, text, names, name_count, hint, sizeof(hint)));
}

void wfi_write_enumeration(const struct wf_schema *schema, const struct wfi_key *key,
                           const void *object, struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = object;

    (void)key;
    if (parameter->enumeration >= 0)
        wf_strbuf_add(out, schema->enumerations[parameter->enumeration].name);
}

/* --- [calibrator] -------------------------------------------------------------------- */

void wfi_read_coefficients(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                           const char *text)
{
    (void)key;
    (void)read_coefficients(reader, text, object);
}

void wfi_write_coefficients(const struct wf_schema *schema, const struct wfi_key *key,
                            const void *object, struct wf_strbuf *out)
{
    const struct wf_calibrator *calibrator = object;

    (void)schema;
    (void)key;
    if (calibrator->kind == WF_CALIBRATOR_POLYNOMIAL)
        write_coefficients(calibrator, out);
}

void wfi_read_points(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                     const char *text)
{
    (void)key;
    (void)read_points(reader, text, object);
}

void wfi_write_points(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                      struct wf_strbuf *out)
{
    const struct wf_calibrator *calibrator = object;

    (void)schema;
    (void)key;
    if (calibrator->kind == WF_CALIBRATOR_TABLE)
        write_points(calibrator, out);
}

static const struct wfi_word orders[] = {
    { "step", 0 },
    { "linear", 1 },
    { "quadratic", 2 },
    { "cubic", 3 },
};

void wfi_read_interpolate(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                          const char *text)
{
    struct wf_calibrator *calibrator = object;

    (void)key;
    (void)wfi_read_word(reader, orders, WF_COUNT_OF(orders), text, &calibrator->order);
}

void wfi_write_interpolate(const struct wf_schema *schema, const struct wfi_key *key,
                           const void *object, struct wf_strbuf *out)
{
    const struct wf_calibrator *calibrator = object;

    (void)schema;
    (void)key;
    if (calibrator->kind == WF_CALIBRATOR_TABLE && calibrator->order != 1)
        wf_strbuf_add(out, wfi_word_of(orders, WF_COUNT_OF(orders), calibrator->order));
}

/* --- ranges: LO .. HI, * = no bound ---------------------------------------------------- */

bool wfi_read_range(struct wfi_reader *reader, const char *text, double *lo, double *hi)
{
    const char *dots = strstr(text, "..");
    const char *parts[2] = { text, dots != NULL ? dots + 2 : "" };
    double *values[2] = { lo, hi };

    for (size_t i = 0; i < 2; i++) {
        char number[64];
        const char *at = parts[i];
        size_t len = i == 0 && dots != NULL ? (size_t)(dots - text) : strlen(at);

        while (len > 0 && at[0] == ' ') {
            at++;
            len--;
        }
        while (len > 0 && at[len - 1] == ' ')
            len--;
        if (dots == NULL || len == 0 || len >= sizeof(number)) {
            wfi_problem(reader, "'%.60s' is not LO .. HI (a number or * on each side)", text);
            return false;
        }
        memcpy(number, at, len);
        number[len] = '\0';
        if (strcmp(number, "*") != 0 && !wfi_read_number(reader, number, values[i]))
            return false;
    }
    if (*lo > *hi) {
        wfi_problem(reader, "'%.60s': the lower bound is above the upper", text);
        return false;
    }
    return true;
}

void wfi_add_range(struct wf_strbuf *out, double lo, double hi)
{
    if (isfinite(lo))
        wf_strbuf_add_double(out, lo);
    else
        wf_strbuf_add_char(out, '*');
    wf_strbuf_add(out, " .. ");
    if (isfinite(hi))
        wf_strbuf_add_double(out, hi);
    else
        wf_strbuf_add_char(out, '*');
}

void wfi_read_valid(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                    const char *text)
{
    struct wf_parameter *parameter = object;
    double lo = -INFINITY, hi = INFINITY;

    (void)key;
    if (!wfi_read_range(reader, text, &lo, &hi))
        return;
    parameter->valid_lo = lo;
    parameter->valid_hi = hi;
}

void wfi_write_valid(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                     struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = object;

    (void)schema;
    (void)key;
    if (isfinite(parameter->valid_lo) || isfinite(parameter->valid_hi))
        wfi_add_range(out, parameter->valid_lo, parameter->valid_hi);
}
