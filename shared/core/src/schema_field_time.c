/* SPDX-License-Identifier: MIT */
/* Time codes and epochs in schemas: `time = cuc 4.2`, `epoch = 2000-01-01 tai`. */

#include "schema_private.h"

#include <inttypes.h>
#include <string.h>

#include <watchfloor/clock.h>

/* Seconds of civil moments since 1970-01-01, counted as if UTC. */
#define EPOCH_1958_NS  (INT64_C(-378691200) * WF_NS_PER_S)
#define EPOCH_GPS_NS   (INT64_C(315964800) * WF_NS_PER_S)
#define EPOCH_J2000_NS (INT64_C(946727967816) * WF_NS_PER_MS) /* 12:00 TT, said in TAI */

static const struct {
    const char *name;
    int64_t ns;
    enum wf_epoch_scale scale;
} epochs[] = {
    { "tai", EPOCH_1958_NS, WF_SCALE_TAI },
    { "unix", 0, WF_SCALE_UTC },
    { "utc", 0, WF_SCALE_UTC },
    { "gps", EPOCH_GPS_NS, WF_SCALE_GPS },
    { "j2000", EPOCH_J2000_NS, WF_SCALE_TAI },
    { "ccsds", EPOCH_1958_NS, WF_SCALE_UTC },
};

static const struct wfi_word scales[] = {
    { "utc", WF_SCALE_UTC },
    { "tai", WF_SCALE_TAI },
    { "gps", WF_SCALE_GPS },
};

static const struct {
    const char *unit;
    int64_t ns;
} units[] = {
    { "d", WF_NS_PER_DAY },
    { "h", 3600 * WF_NS_PER_S },
    { "m", 60 * WF_NS_PER_S },
    { "s", WF_NS_PER_S },
    { "ms", WF_NS_PER_MS },
    { "us", WF_NS_PER_US },
    { "ns", 1 },
};

/* "4.2": two small numbers; false when it is anything else. */
static bool read_pair(const char *text, unsigned *out_first, unsigned *out_second)
{
    unsigned values[2] = { 0, 0 };
    size_t digits = 0, part = 0;

    for (; *text != '\0'; text++) {
        if (*text == '.' && part == 0 && digits > 0) {
            part = 1;
            digits = 0;
        } else if (*text >= '0' && *text <= '9' && digits < 3) {
            values[part] = 10 * values[part] + (unsigned)(*text - '0');
            digits++;
        } else {
            return false;
        }
    }
    *out_first = values[0];
    *out_second = values[1];
    return part == 1 && digits > 0;
}

static void read_cuc(struct wfi_reader *reader, const char *sizes, struct wf_time_format *time)
{
    unsigned coarse, fine;

    if (!read_pair(sizes, &coarse, &fine) || coarse < 1 || coarse > 7 || fine > 10) {
        wfi_problem(reader,
                    "'cuc %.40s' is not 'cuc C.F' with 1 to 7 coarse and 0 to 10 fine bytes",
                    sizes);
        return;
    }
    time->coarse_bytes = (uint8_t)coarse;
    time->fine_bytes = (uint8_t)fine;
}

static void read_cds(struct wfi_reader *reader, const char *sizes, struct wf_time_format *time)
{
    unsigned day, below;

    if (!read_pair(sizes, &day, &below) || (day != 16 && day != 24) ||
        (below != 0 && below != 16 && below != 32)) {
        wfi_problem(reader,
                    "'cds %.40s' is not 'cds D.S' with 16 or 24 bits of day and 0, 16 or 32 "
                    "bits below the millisecond",
                    sizes);
        return;
    }
    time->coarse_bytes = (uint8_t)(day / 8);
    time->fine_bytes = (uint8_t)(below / 8);
}

/* "1s", "20us", "1/65536s": a whole number or a fraction of a unit, kept exactly. */
static bool read_unit(const char *text, struct wf_time_field *field)
{
    char number[48];
    uint64_t numerator, denominator = 1;
    size_t digits = strspn(text, "0123456789/");
    const char *slash = memchr(text, '/', digits);
    size_t i = 0;

    if (digits == 0 || digits >= sizeof(number))
        return false;
    while (i < WF_COUNT_OF(units) && strcmp(units[i].unit, text + digits) != 0)
        i++;
    if (i == WF_COUNT_OF(units))
        return false;
    memcpy(number, text, digits);
    number[digits] = '\0';
    if (slash != NULL) {
        number[slash - text] = '\0';
        if (wf_parse_u64(number + (slash - text) + 1, &denominator, NULL) < 0)
            return false;
    }
    if (wf_parse_u64(number, &numerator, NULL) < 0 || numerator == 0 || denominator == 0 ||
        numerator > (uint64_t)(INT64_MAX / units[i].ns) || denominator > INT64_MAX)
        return false;
    field->numerator_ns = (int64_t)numerator * units[i].ns;
    field->denominator = (int64_t)denominator;
    field->unit_s = (double)field->numerator_ns / (double)denominator / 1e9;
    return true;
}

static void read_fields(struct wfi_reader *reader, const char *text, struct wf_time_format *time)
{
    char word[WF_NAME_SIZE + 64];

    while (wfi_next_word(&text, ",", word, sizeof(word))) {
        struct wf_time_field *field = &time->fields[time->field_count];
        char *colon = strchr(word, ':');

        if (time->field_count == WF_COUNT_OF(time->fields)) {
            wfi_problem(reader, "more than %zu fields", WF_COUNT_OF(time->fields));
            return;
        }
        if (colon == NULL || !read_unit(colon + 1, field)) {
            wfi_problem(reader, "'%.80s' is not NAME:UNIT (as seconds:1s, ticks:1/65536s)", word);
            return;
        }
        *colon = '\0';
        field->parameter = wfi_reference(reader, word);
        if (field->parameter < 0)
            return;
        time->field_count++;
    }
    if (time->field_count == 0)
        wfi_problem(reader, "'fields' names no field; expected NAME:UNIT behind it");
}

static void read_time(struct wfi_reader *reader, struct wf_time_format *time, const char *text,
                      bool is_parameter)
{
    static const struct wfi_word codes[] = {
        { "none", WF_TIME_CODE_NONE },
        { "cuc", WF_TIME_CODE_CUC },
        { "cds", WF_TIME_CODE_CDS },
        { "fields", WF_TIME_CODE_FIELDS },
    };
    const char *at = text;
    char word[16] = "";
    int code;

    (void)wfi_next_word(&at, "", word, sizeof(word));
    if (!wfi_read_word(reader, codes, WF_COUNT_OF(codes), word, &code))
        return;
    if (is_parameter && code != WF_TIME_CODE_CUC && code != WF_TIME_CODE_CDS) {
        wfi_problem(reader, "a parameter's time code is cuc or cds, not %s", word);
        return;
    }
    while (*at == ' ' || *at == '\n' || *at == '\t')
        at++;
    *time = (struct wf_time_format){ .code = (enum wf_time_code)code,
                                     .epoch_ns = time->epoch_ns,
                                     .scale = time->scale };
    time->has_p_field = (code == WF_TIME_CODE_CUC || code == WF_TIME_CODE_CDS) && *at == '\0';
    if (code == WF_TIME_CODE_FIELDS)
        read_fields(reader, at, time);
    else if (code == WF_TIME_CODE_CUC && *at != '\0')
        read_cuc(reader, at, time);
    else if (code == WF_TIME_CODE_CDS && *at != '\0')
        read_cds(reader, at, time);
    else if (*at != '\0')
        wfi_problem(reader, "nothing is expected behind 'none'");
}

void wfi_epoch_default(struct wf_time_format *time)
{
    size_t i = time->code == WF_TIME_CODE_CUC ? 0 : time->code == WF_TIME_CODE_CDS ? 5 : 1;

    time->epoch_ns = epochs[i].ns;
    time->scale = epochs[i].scale;
}

static void read_epoch(struct wfi_reader *reader, struct wf_time_format *time, const char *text)
{
    const char *at = text;
    char date[48] = "", scale[16], rest[8];
    struct wf_err err = { 0 };
    int value = 0;
    int64_t ns;

    for (size_t i = 0; i < WF_COUNT_OF(epochs); i++) {
        if (wf_casecmp(epochs[i].name, text) == 0) {
            time->epoch_ns = epochs[i].ns;
            time->scale = epochs[i].scale;
            return;
        }
    }
    /* Dates only: wf_parse_time would also take "now". */
    if (!wfi_next_word(&at, "", date, sizeof(date)) || date[0] < '0' || date[0] > '9' ||
        !wfi_next_word(&at, "", scale, sizeof(scale)) ||
        wfi_next_word(&at, "", rest, sizeof(rest))) {
        wfi_problem(reader,
                    "'%.60s' is not tai, utc, unix, gps, j2000, ccsds or a date with its scale "
                    "behind it (as 2000-01-01T12:00:00 tai)",
                    text);
        return;
    }
    if (!wfi_read_word(reader, scales, WF_COUNT_OF(scales), scale, &value))
        return;
    if (wf_parse_time(date, 0, &ns, &err) < 0) {
        wfi_problem(reader, "%s", err.text);
        return;
    }
    time->epoch_ns = ns;
    time->scale = (enum wf_epoch_scale)value;
}

static void write_field(const struct wf_schema *schema, const struct wf_time_field *field,
                        struct wf_strbuf *out)
{
    size_t i = 0;

    while (field->numerator_ns % units[i].ns != 0)
        i++;
    wf_strbuf_addf(out, " %s:%" PRId64, schema->parameters[field->parameter].name,
                   field->numerator_ns / units[i].ns);
    if (field->denominator != 1)
        wf_strbuf_addf(out, "/%" PRId64, field->denominator);
    wf_strbuf_add(out, units[i].unit);
}

static void write_time(const struct wf_schema *schema, const struct wf_time_format *time,
                       struct wf_strbuf *out)
{
    switch (time->code) {
    case WF_TIME_CODE_NONE:
        break;
    case WF_TIME_CODE_CUC:
        wf_strbuf_add(out, "cuc");
        if (!time->has_p_field)
            wf_strbuf_addf(out, " %u.%u", time->coarse_bytes, time->fine_bytes);
        break;
    case WF_TIME_CODE_CDS:
        wf_strbuf_add(out, "cds");
        if (!time->has_p_field)
            wf_strbuf_addf(out, " %u.%u", 8u * time->coarse_bytes, 8u * time->fine_bytes);
        break;
    case WF_TIME_CODE_FIELDS:
        wf_strbuf_add(out, "fields");
        for (size_t i = 0; i < time->field_count; i++)
            write_field(schema, &time->fields[i], out);
        break;
    }
}

static void write_epoch(const struct wf_time_format *time, struct wf_strbuf *out)
{
    struct wf_time_format usual = *time;
    int digits = time->epoch_ns % WF_NS_PER_S != 0 ? 9 : 0;

    wfi_epoch_default(&usual);
    if (usual.epoch_ns == time->epoch_ns && usual.scale == time->scale)
        return;
    for (size_t i = 0; i < WF_COUNT_OF(epochs); i++) {
        if (epochs[i].ns == time->epoch_ns && epochs[i].scale == time->scale) {
            wf_strbuf_add(out, epochs[i].name);
            return;
        }
    }
    wf_strbuf_add_time(out, time->epoch_ns, digits);
    wf_strbuf_addf(out, " %s", wfi_word_of(scales, WF_COUNT_OF(scales), (int)time->scale));
}

void wfi_read_time(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                   const char *text)
{
    (void)key;
    read_time(reader, &((struct wf_schema *)object)->time, text, false);
}

void wfi_write_time(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                    struct wf_strbuf *out)
{
    (void)key;
    (void)object;
    write_time(schema, &schema->time, out);
}

void wfi_read_epoch(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                    const char *text)
{
    (void)key;
    read_epoch(reader, &((struct wf_schema *)object)->time, text);
}

void wfi_write_epoch(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                     struct wf_strbuf *out)
{
    (void)key;
    (void)object;
    write_epoch(&schema->time, out);
}

void wfi_read_parameter_time(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                             const char *text)
{
    (void)key;
    read_time(reader, &((struct wf_parameter *)object)->time, text, true);
}

void wfi_write_parameter_time(const struct wf_schema *schema, const struct wfi_key *key,
                              const void *object, struct wf_strbuf *out)
{
    (void)key;
    write_time(schema, &((const struct wf_parameter *)object)->time, out);
}

void wfi_read_parameter_epoch(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                              const char *text)
{
    (void)key;
    read_epoch(reader, &((struct wf_parameter *)object)->time, text);
}

void wfi_write_parameter_epoch(const struct wf_schema *schema, const struct wfi_key *key,
                               const void *object, struct wf_strbuf *out)
{
    const struct wf_parameter *parameter = object;

    (void)schema;
    (void)key;
    if (parameter->type == WF_TYPE_TIME)
        write_epoch(&parameter->time, out);
}
