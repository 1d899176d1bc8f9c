/* SPDX-License-Identifier: MIT */
/* Faults: their text and when they hold; see fault.h. */

#include "fault.h"

#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/strbuf.h>

#define WORDS_MAX 16
#define WORD_SIZE 112 /* subsystem.parameter fits */

struct words {
    char word[WORDS_MAX][WORD_SIZE];
    int count;
    int next;
};

struct kind {
    const char *name;
    bool needs_parameter, takes_parameter, needs_duration;
};

static const struct kind kinds[] = {
    [SIM_FAULT_GAP] = { "gap", false, false, false },
    [SIM_FAULT_FREEZE] = { "freeze", false, true, false },
    [SIM_FAULT_NAN] = { "nan", true, true, false },
    [SIM_FAULT_RAMP] = { "ramp", true, true, true },
    [SIM_FAULT_CLOCK_JUMP] = { "clock-jump", false, false, false },
    [SIM_FAULT_DUPLICATE] = { "duplicate", false, false, false },
    [SIM_FAULT_REORDER] = { "reorder", false, false, false },
    [SIM_FAULT_FLOOD] = { "flood", false, false, false },
    [SIM_FAULT_CORRUPT] = { "corrupt", false, false, false },
};

static const char *const damages[] = {
    [SIM_DAMAGE_TRUNCATED] = "truncated",
    [SIM_DAMAGE_VERSION] = "version",
    [SIM_DAMAGE_TYPE] = "type",
    [SIM_DAMAGE_APID] = "apid",
    [SIM_DAMAGE_LENGTH] = "length",
    [SIM_DAMAGE_BITS] = "bits",
    [SIM_DAMAGE_ALL] = "all",
};

const char *sim_fault_name(enum sim_fault_kind kind)
{
    return kinds[kind].name;
}

const char *sim_damage_name(enum sim_damage damage)
{
    return damages[damage];
}

static int split(const char *text, struct words *out, struct wf_err *err)
{
    *out = (struct words){ 0 };
    while (*text != '\0') {
        const size_t blanks = strspn(text, " \t\n");
        const size_t len = strcspn(text + blanks, " \t\n");

        text += blanks;
        if (len == 0)
            break;
        if (len >= WORD_SIZE || out->count == WORDS_MAX)
            return wf_fail(err, WF_ERR_INVALID, "too long for a fault");
        memcpy(out->word[out->count], text, len);
        out->word[out->count++][len] = '\0';
        text += len;
    }
    return 0;
}

/* The next word, or NULL when there is none. */
static const char *take(struct words *words)
{
    return words->next < words->count ? words->word[words->next++] : NULL;
}

static bool take_if(struct words *words, const char *word)
{
    if (words->next >= words->count || wf_casecmp(words->word[words->next], word) != 0)
        return false;
    words->next++;
    return true;
}

static int take_duration(struct words *words, const char *what, bool may_be_negative,
                         int64_t *out_ns, struct wf_err *err)
{
    const char *word = take(words);
    bool is_negative = false;
    int rc;

    if (word == NULL)
        return wf_fail(err, WF_ERR_INVALID, "'%s' needs a duration behind it, as 30s", what);
    if (may_be_negative && (*word == '-' || *word == '+'))
        is_negative = *word++ == '-';
    rc = wf_parse_duration_ns(word, out_ns, err);
    if (rc < 0) {
        wf_err_prefix(err, "'%s'", what);
        return rc;
    }
    if (is_negative)
        *out_ns = -*out_ns;
    return 0;
}

static int take_number(struct words *words, const char *what, double *out, struct wf_err *err)
{
    const char *word = take(words);
    int rc;

    if (word == NULL)
        return wf_fail(err, WF_ERR_INVALID, "'%s' needs a number behind it", what);
    rc = wf_parse_double(word, out, err);
    if (rc < 0)
        wf_err_prefix(err, "'%s'", what);
    return rc;
}

static int take_kind(struct words *words, enum sim_fault_kind *out, struct wf_err *err)
{
    const char *word = take(words);

    for (size_t i = 0; word != NULL && i < WF_COUNT_OF(kinds); i++) {
        if (wf_casecmp(kinds[i].name, word) == 0) {
            *out = (enum sim_fault_kind)i;
            return 0;
        }
    }
    return wf_fail(err, WF_ERR_INVALID,
                   "'%s' is no fault; expected gap, freeze, nan, ramp, clock-jump, duplicate, "
                   "reorder, flood or corrupt",
                   word != NULL ? word : "");
}

static int take_target(struct words *words, struct sim_fault *fault, struct wf_err *err)
{
    const struct kind *kind = &kinds[fault->kind];
    const char *word = take(words);
    const char *dot = word != NULL ? strchr(word, '.') : NULL;
    size_t len;

    if (word == NULL)
        return wf_fail(err, WF_ERR_INVALID, "'%s' needs a subsystem behind it", kind->name);
    if (kind->needs_parameter && dot == NULL)
        return wf_fail(err, WF_ERR_INVALID, "'%s' needs subsystem.parameter, not '%s'", kind->name,
                       word);
    if (!kind->takes_parameter && dot != NULL)
        return wf_fail(err, WF_ERR_INVALID, "'%s' is for a whole subsystem, not '%s'", kind->name,
                       word);
    len = dot != NULL ? (size_t)(dot - word) : strlen(word);
    if (len >= WF_NAME_SIZE || (dot != NULL && strlen(dot + 1) >= WF_NAME_SIZE))
        return wf_fail(err, WF_ERR_INVALID, "'%s' is too long for a name", word);
    memcpy(fault->subsystem, word, len);
    fault->subsystem[len] = '\0';
    if (wf_casecmp(fault->subsystem, "all") == 0)
        wf_copy_text(fault->subsystem, sizeof(fault->subsystem), "*");
    if (dot != NULL)
        wf_copy_text(fault->parameter, sizeof(fault->parameter), dot + 1);
    return 0;
}

static int take_damage(struct words *words, enum sim_damage *out, struct wf_err *err)
{
    const char *word = take(words);

    for (size_t i = 0; word != NULL && i < WF_COUNT_OF(damages); i++) {
        if (wf_casecmp(damages[i], word) == 0) {
            *out = (enum sim_damage)i;
            return 0;
        }
    }
    return wf_fail(err, WF_ERR_INVALID,
                   "'how' needs truncated, version, type, apid, length, bits or all");
}

static int take_details(struct words *words, struct sim_fault *fault, struct wf_err *err)
{
    while (words->next < words->count) {
        int rc;

        if (fault->kind == SIM_FAULT_RAMP && take_if(words, "to")) {
            rc = take_number(words, "to", &fault->to, err);
            fault->has_to = true;
        } else if (fault->kind == SIM_FAULT_CLOCK_JUMP && take_if(words, "by")) {
            rc = take_duration(words, "by", true, &fault->by_ns, err);
        } else if (fault->kind == SIM_FAULT_FLOOD && take_if(words, "rate")) {
            rc = take_number(words, "rate", &fault->rate_hz, err);
        } else if (fault->kind == SIM_FAULT_CORRUPT && take_if(words, "how")) {
            rc = take_damage(words, &fault->how, err);
        } else {
            return wf_fail(err, WF_ERR_INVALID, "'%s' means nothing to '%s'",
                           words->word[words->next], kinds[fault->kind].name);
        }
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int check(const struct sim_fault *fault, struct wf_err *err)
{
    const char *name = kinds[fault->kind].name;

    if (kinds[fault->kind].needs_duration && fault->for_ns == 0)
        return wf_fail(err, WF_ERR_INVALID, "'%s' needs a duration behind its target, as 20s",
                       name);
    if (fault->every_ns != 0 && (fault->for_ns == 0 || fault->for_ns >= fault->every_ns))
        return wf_fail(err, WF_ERR_INVALID,
                       "a fault that comes 'every' so often needs a duration shorter than that");
    if (fault->kind == SIM_FAULT_CLOCK_JUMP && fault->by_ns == 0)
        return wf_fail(err, WF_ERR_INVALID, "'clock-jump' needs 'by DURATION', as by -1h");
    if (fault->kind == SIM_FAULT_FLOOD && !(fault->rate_hz > 0.0 && fault->rate_hz <= 1e6))
        return wf_fail(err, WF_ERR_INVALID,
                       "'flood' needs 'rate N', packets a second, at most 1000000");
    return 0;
}

int sim_fault_parse(const char *text, struct sim_fault *out, struct wf_err *err)
{
    struct sim_fault fault = { .how = SIM_DAMAGE_ALL };
    struct words words;
    int rc = split(text, &words, err);

    if (rc == 0 && !take_if(&words, "at"))
        rc = wf_fail(err, WF_ERR_INVALID, "expected 'at TIME', as in 'at 30s gap power 5s'");
    if (rc == 0)
        rc = take_duration(&words, "at", false, &fault.at_ns, err);
    if (rc == 0 && take_if(&words, "every"))
        rc = take_duration(&words, "every", false, &fault.every_ns, err);
    if (rc == 0)
        rc = take_kind(&words, &fault.kind, err);
    if (rc == 0)
        rc = take_target(&words, &fault, err);
    if (rc == 0 && words.next < words.count &&
        strchr("0123456789", words.word[words.next][0]) != NULL)
        rc = take_duration(&words, kinds[fault.kind].name, false, &fault.for_ns, err);
    if (rc == 0)
        rc = take_details(&words, &fault, err);
    if (rc == 0)
        rc = check(&fault, err);
    if (rc < 0) {
        wf_err_prefix(err, "fault '%s'", text);
        return rc;
    }
    *out = fault;
    return 0;
}

/* Time since the fault last began; negative before the first. */
static int64_t since(const struct sim_fault *fault, int64_t t_ns)
{
    const int64_t age = t_ns - fault->at_ns;

    return age >= 0 && fault->every_ns > 0 ? age % fault->every_ns : age;
}

bool sim_fault_is_active(const struct sim_fault *fault, int64_t t_ns)
{
    const int64_t age = since(fault, t_ns);

    return age >= 0 && (fault->for_ns == 0 || age < fault->for_ns);
}

double sim_fault_progress(const struct sim_fault *fault, int64_t t_ns)
{
    if (fault->for_ns == 0)
        return 0.0;
    return (double)since(fault, t_ns) / (double)fault->for_ns;
}

bool sim_fault_concerns(const struct sim_fault *fault, const char *subsystem)
{
    return wf_glob_match(fault->subsystem, subsystem);
}

double sim_ramp_shape(double progress)
{
    if (progress < 0.4)
        return progress / 0.4;
    if (progress > 0.6)
        return (1.0 - progress) / 0.4;
    return 1.0;
}
