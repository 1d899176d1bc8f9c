/* SPDX-License-Identifier: MIT */
/* The text of a schema, as an engineer would have written it. */

#include <math.h>
#include <string.h>

#include <watchfloor/attributes.h>

#include "xtce_model.h"

#define LINE_WIDTH 96
#define WORD_MAX   120
#define LABEL_MAX  120

/* --- text ------------------------------------------------------------------------------------------ */

static size_t word_len(const char *text)
{
    size_t len = 0;

    while (len < WORD_MAX && (unsigned char)text[len] > ' ' && text[len] != 0x7f)
        len++;
    /* A word that is too long is cut, but not inside a character. */
    if (len == WORD_MAX)
        while (len > 1 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    return len;
}

/* "key = words", going on in indented lines; nothing when there are no words. */
void wfd_write_text(struct wf_strbuf *out, const char *key, const char *text)
{
    size_t column = 0;

    while (*text != '\0') {
        size_t len = word_len(text);

        if (len == 0) {
            text++;
            continue;
        }
        if (column == 0) {
            wf_strbuf_addf(out, "%s = ", key);
            column = strlen(key) + 3;
        } else if (column + 1 + len > LINE_WIDTH) {
            wf_strbuf_add(out, "\n    ");
            column = 4;
        } else {
            wf_strbuf_add_char(out, ' ');
            column++;
        }
        wf_strbuf_add_bytes(out, text, len);
        column += len;
        text += len;
    }
    if (column > 0)
        wf_strbuf_add_char(out, '\n');
}

static const char *text_of(const struct wfd_node *node, const char *attribute, const char *child)
{
    const char *text = wfd_attribute(node, attribute);
    const struct wfd_node *element = wfd_child(node, child);

    return text != NULL ? text : element != NULL ? element->text : "";
}

static const char *first_text(const char *a, const char *b)
{
    return a[0] != '\0' ? a : b;
}

static void write_unit(const struct wfd_draft *draft, const struct wfd_field *field,
                       struct wf_strbuf *out)
{
    const struct wfd_node *set = wfd_type_child(draft->xtce, field->type, "UnitSet");
    const char *time_unit = wfd_attribute(wfd_child(field->type, "Encoding"), "units");
    char text[120];
    struct wf_strbuf unit = WF_STRBUF_FIXED(text);

    for (const struct wfd_node *node = wfd_child(set, "Unit"); node != NULL;
         node = wfd_next(node)) {
        const char *power = wfd_attribute(node, "power");

        if (unit.len > 0)
            wf_strbuf_add_char(&unit, '*');
        wf_strbuf_add(&unit, node->text);
        if (power != NULL && strcmp(power, "1") != 0 && strcmp(power, "1.0") != 0)
            wf_strbuf_addf(&unit, "^%s", power);
    }
    /* Counts of the sample's time are no seconds, unless one count is one. */
    if (unit.len == 0 && time_unit != NULL &&
        (!wfd_is_time(draft, field) ||
         wfd_number(wfd_child(field->type, "Encoding"), "scale", 1) == 1))
        wf_strbuf_add(&unit, strcmp(time_unit, "seconds") == 0 ? "s" : time_unit);
    wfd_write_text(out, "unit", text);
}

/* --- what several share ---------------------------------------------------------------------- */

const struct wfd_field *wfd_first_with(const struct wfd_draft *draft, const struct wfd_node *node,
                                       const struct wfd_node *(*part)(const struct wfd_draft *,
                                                                      const struct wfd_field *))
{
    for (size_t i = 0; i < draft->count; i++) {
        if (part(draft, &draft->fields[i]) == node)
            return &draft->fields[i];
    }
    return NULL;
}

/* --- enumerations ---------------------------------------------------------------------------------- */

bool wfd_is_plain_bool(const struct wfd_draft *draft, const struct wfd_field *field)
{
    const char *one = wfd_type_attribute(draft->xtce, field->type, "oneStringValue");
    const char *zero = wfd_type_attribute(draft->xtce, field->type, "zeroStringValue");

    return wfd_is(field->type, "BooleanParameterType") &&
           (one == NULL || !wf_casecmp(one, "true")) &&
           (zero == NULL || !wf_casecmp(zero, "false"));
}

/* What gives the labels: the list, or the boolean type with words of its own. */
const struct wfd_node *wfd_labels_of(const struct wfd_draft *draft, const struct wfd_field *field)
{
    bool is_whole = field->coding.type == WF_TYPE_UINT || field->coding.type == WF_TYPE_INT;

    if (is_whole && wfd_is(field->type, "EnumeratedParameterType"))
        return wfd_type_child(draft->xtce, field->type, "EnumerationList");
    if (is_whole && wfd_is(field->type, "BooleanParameterType") && !wfd_is_plain_bool(draft, field))
        return field->type;
    return NULL;
}

static void write_label(int64_t low, int64_t high, const char *label, struct wf_strbuf *out)
{
    char key[64], text[LABEL_MAX + 8];
    struct wf_strbuf range = WF_STRBUF_FIXED(key);
    struct wf_strbuf cut = WF_STRBUF_FIXED(text);

    wf_strbuf_addf(&range, high > low ? "%lld..%lld" : "%lld", (long long)low, (long long)high);
    wf_strbuf_add(&cut, label);
    wfd_write_text(out, key, cut.text);
}

/* Has an Enumeration before `node` the value already? */
static const struct wfd_node *overlapping(const struct wfd_node *list, const struct wfd_node *node,
                                          int64_t low, int64_t high)
{
    for (const struct wfd_node *other = wfd_child(list, "Enumeration"); other != node;
         other = wfd_next(other)) {
        int64_t other_low, other_high;

        if (wfd_integer(other, "value", 0, &other_low) &&
            wfd_integer(other, "maxValue", other_low, &other_high) && low <= other_high &&
            high >= other_low)
            return other;
    }
    return NULL;
}

static void write_enumeration(struct wfd_draft *draft, const struct wfd_field *field,
                              struct wf_strbuf *out)
{
    const struct wfd_node *list = wfd_labels_of(draft, field);
    int64_t low, high;

    if (list == NULL || wfd_first_with(draft, list, wfd_labels_of) != field)
        return;
    wf_strbuf_addf(out, "\n[enumeration %s]\n", field->name);
    if (list == field->type) {
        const char *one = wfd_type_attribute(draft->xtce, list, "oneStringValue");
        const char *zero = wfd_type_attribute(draft->xtce, list, "zeroStringValue");

        write_label(0, 0, zero != NULL ? zero : "False", out);
        write_label(1, 1, one != NULL ? one : "True", out);
        return;
    }
    for (const struct wfd_node *node = wfd_child(list, "Enumeration"); node != NULL;
         node = wfd_next(node)) {
        const char *label = wfd_attribute(node, "label");
        const struct wfd_node *other = NULL;

        if (++draft->xtce->steps > WFD_XTCE_STEPS_MAX)
            return;
        if (label == NULL || !wfd_integer(node, "value", 0, &low) ||
            !wfd_integer(node, "maxValue", low, &high) || high < low) {
            wfd_note(draft, node, "an Enumeration without label or value: left out");
        } else if ((other = overlapping(list, node, low, high)) != NULL) {
            wfd_note(draft, node, "label '%.40s': its value has a label in line %u; left out",
                     label, other->line);
        } else {
            write_label(low, high, label, out);
        }
    }
}

/* --- parameters ------------------------------------------------------------------------------------ */

static void write_size(struct wfd_draft *draft, const struct wfd_field *field,
                       struct wf_strbuf *out)
{
    const struct wfd_coding *coding = &field->coding;
    const struct wfd_field *from;

    switch (coding->sizing) {
    case WF_SIZE_FIXED:
        wf_strbuf_addf(out, "size = %u\n", coding->size_max);
        return;
    case WF_SIZE_FIELD:
        from = wfd_counter_of(draft, coding->size_from, (size_t)(field - draft->fields));
        if (from != NULL) {
            wf_strbuf_addf(out, "size = %s", from->name);
            if (coding->size_add != 0)
                wf_strbuf_addf(out, "%+lld", (long long)coding->size_add);
            wf_strbuf_add_char(out, '\n');
            break;
        }
        wf_strbuf_add(out, "size = rest\n");
        break;
    case WF_SIZE_PREFIX:
        wf_strbuf_addf(out, "size = prefix %u\n", coding->prefix_bits);
        break;
    case WF_SIZE_TERMINATED:
        wf_strbuf_addf(out, "size = terminated 0x%02x\n", coding->terminator);
        break;
    case WF_SIZE_REST:
        wf_strbuf_add(out, "size = rest\n");
        break;
    }
    wf_strbuf_addf(out, "size_max = %u\n", coding->size_max);
}

static void write_type(struct wfd_draft *draft, const struct wfd_field *field,
                       struct wf_strbuf *out)
{
    static const char *const types[] = {
        "uint", "int", "float", "bool", "string", "bytes", "time"
    };
    static const char *const encodings[] = { "plain", "sign-magnitude", "ones-complement", "bcd",
                                             "mil1750a" };
    const struct wfd_coding *coding = &field->coding;
    enum wf_type type = coding->type == WF_TYPE_UINT && wfd_is_plain_bool(draft, field)
                            ? WF_TYPE_BOOL
                            : coding->type;
    const struct wfd_field *count_from =
        wfd_counter_of(draft, field->count_from, (size_t)(field - draft->fields));

    if (type != WF_TYPE_UINT)
        wf_strbuf_addf(out, "type = %s\n", types[type]);
    if (coding->bits > 0)
        wf_strbuf_addf(out, "bits = %u\n", coding->bits);
    if (coding->is_little)
        wf_strbuf_add(out, "byte_order = little\n");
    if (coding->encoding != WF_ENCODING_PLAIN)
        wf_strbuf_addf(out, "encoding = %s\n", encodings[coding->encoding]);
    if (coding->bits == 0)
        write_size(draft, field, out);
    if (count_from != NULL && field->count_add != 0)
        wf_strbuf_addf(out, "count = %s%+lld\ncount_max = %u\n", count_from->name,
                       (long long)field->count_add, field->count);
    else if (count_from != NULL)
        wf_strbuf_addf(out, "count = %s\ncount_max = %u\n", count_from->name, field->count);
    else if (field->count_from.parameter != NULL)
        wfd_note(draft, field->entry,
                 "the count of '%s' is not in a whole number that comes before it: one element "
                 "is read",
                 field->original);
    else if (field->count > 1)
        wf_strbuf_addf(out, "count = %u\n", field->count);
}

static void write_place(const struct wfd_field *field, bool is_first, struct wf_strbuf *out)
{
    bool is_at = (is_first || field->is_placed) && field->at >= 0;
    int64_t bit = field->from_end > 0 ? field->from_end : field->at;

    if (is_at || field->from_end > 0) {
        wf_strbuf_addf(out, "at = %s%lld", field->from_end > 0 ? "end-" : "", (long long)bit / 8);
        if (bit % 8 != 0)
            wf_strbuf_addf(out, ".%lld", (long long)bit % 8);
        wf_strbuf_add_char(out, '\n');
    } else if (field->skip > 0) {
        wf_strbuf_addf(out, "skip = %lld\n", (long long)field->skip);
    }
}

/* "there are more than `index`": as often as another parameter says. */
static bool add_repeat_condition(struct wfd_draft *draft, const struct wfd_condition *condition,
                                 struct wf_strbuf *out)
{
    const struct wfd_amount *amount = &condition->amount;
    const struct wfd_field *from = wfd_field_of(draft, amount->from, draft->reader);

    if (from == NULL)
        return false;
    wf_strbuf_add(out, from->name);
    if (amount->slope > 0) { /* whole numbers: P * slope + intercept > index */
        wf_strbuf_add(out, " > ");
        wf_strbuf_add_double(out, floor((condition->index - amount->intercept) / amount->slope));
        return true;
    }
    if (amount->slope != 1) {
        wf_strbuf_add(out, " * ");
        wf_strbuf_add_double(out, amount->slope);
    }
    if (amount->intercept != 0) {
        wf_strbuf_add(out, amount->intercept < 0 ? " - " : " + ");
        wf_strbuf_add_double(out, fabs(amount->intercept));
    }
    wf_strbuf_addf(out, " > %u", condition->index);
    return true;
}

static void write_conditions(struct wfd_draft *draft, const struct wfd_field *field,
                             struct wf_strbuf *out)
{
    struct wf_strbuf text;

    if (field->condition_count == 0)
        return;
    wf_strbuf_init(&text, 64u << 10);
    draft->reads_raw = false;
    draft->reader = (size_t)(field - draft->fields);
    for (size_t i = 0; i < field->condition_count && draft->reader > 0; i++) {
        const struct wfd_condition *condition = &field->conditions[i];
        size_t from = text.len;

        if (from > 0)
            wf_strbuf_add(&text, " and ");
        if (condition->node != NULL
                ? !wfd_condition_text(draft, condition->node, field->condition_count == 1, &text)
                : !add_repeat_condition(draft, condition, &text)) {
            text.len = from;
            text.text[from] = '\0';
            if (condition->node == NULL)
                wfd_note(draft, field->entry,
                         "'%s' is repeated by a parameter that does not come before it: expected "
                         "always",
                         field->original);
        }
    }
    draft->reader = 0;
    wfd_write_text(out, "present_when", text.text);
    wf_strbuf_fini(&text);
}

/* Copies of a container share the mission's names: the first one keeps it. */
static bool is_alias_free(const struct wfd_draft *draft, const struct wfd_field *field)
{
    for (const struct wfd_field *other = draft->fields; other < draft->fields + draft->count;
         other++) {
        if (other != field &&
            (wf_casecmp(other->name, field->original) == 0 ||
             (other < field && wf_casecmp(other->original, field->original) == 0)))
            return false;
    }
    return true;
}

static void write_parameter(struct wfd_draft *draft, const struct wfd_field *field, bool is_first,
                            struct wf_strbuf *out)
{
    const struct wfd_node *labels = wfd_labels_of(draft, field);
    const char *type_title = text_of(field->type, "shortDescription", "ShortDescription");

    wf_strbuf_addf(out, "\n[parameter %s]\n", field->name);
    if (strcmp(field->name, field->original) != 0 && is_alias_free(draft, field))
        wfd_write_text(out, "alias", field->original);
    wfd_write_text(
        out, "title",
        first_text(text_of(field->parameter, "shortDescription", "ShortDescription"), type_title));
    wfd_write_text(out, "description",
                   first_text(text_of(field->parameter, "", "LongDescription"),
                              text_of(field->type, "", "LongDescription")));
    if (field->is_inherited && field->at >= 0 && field->at < 48)
        wf_strbuf_add(out, "group = Packet header\n");
    write_place(field, is_first, out);
    write_type(draft, field, out);
    write_conditions(draft, field, out);
    write_unit(draft, field, out);
    if (labels != NULL)
        wf_strbuf_addf(out, "enumeration = %s\n",
                       wfd_first_with(draft, labels, wfd_labels_of)->name);
    else
        wfd_write_calibration(draft, field, out);
    if (field->segment < 0)
        wfd_write_limits(draft, field, wfd_is_calibrated(draft, field), out);
}

static void write_derived(struct wfd_draft *draft, const struct wfd_field *field,
                          struct wf_strbuf *out)
{
    static const char *const types[] = { "uint", "int", "float", "bool" };
    const struct wfd_node *labels = wfd_labels_of(draft, field);

    wf_strbuf_addf(out, "\n[derived %s]\n", field->name);
    if (strcmp(field->name, field->original) != 0 && is_alias_free(draft, field))
        wfd_write_text(out, "alias", field->original);
    wfd_write_text(out, "title", text_of(field->parameter, "shortDescription", ""));
    wfd_write_text(out, "description", text_of(field->parameter, "", "LongDescription"));
    if (field->coding.type != WF_TYPE_FLOAT)
        wf_strbuf_addf(out, "type = %s\n", types[field->coding.type]);
    wfd_write_calculation(draft, field, out);
    write_unit(draft, field, out);
    if (labels != NULL)
        wf_strbuf_addf(out, "enumeration = %s\n",
                       wfd_first_with(draft, labels, wfd_labels_of)->name);
    wfd_write_limits(draft, field, false, out);
}

/* --- parameters that come in pieces ----------------------------------------------------------- */

/* The piece of `parameter` that is the `number`th by its order; NULL = there are no more. */
static const struct wfd_field *piece_of(const struct wfd_draft *draft,
                                        const struct wfd_node *parameter, size_t number)
{
    const struct wfd_field *found = NULL;

    for (size_t n = 0; n <= number; n++) {
        const struct wfd_field *after = found;

        found = NULL;
        for (size_t i = 0; i < draft->count; i++) {
            const struct wfd_field *field = &draft->fields[i];

            if (field->parameter == parameter && field->segment >= 0 &&
                (after == NULL || field->segment > after->segment) &&
                (found == NULL || field->segment < found->segment))
                found = field;
        }
        if (found == NULL)
            return NULL;
    }
    return found;
}

/* A whole number whose pieces are all here is put together; anything else stays in pieces. */
static void write_assembled(struct wfd_draft *draft, struct wf_strbuf *out)
{
    for (size_t i = 0; i < draft->count; i++) {
        const struct wfd_field *field = &draft->fields[i], *piece;
        struct wfd_field whole = *field;
        uint32_t bits = 0, below;

        if (field->segment < 0 || piece_of(draft, field->parameter, 0) != field)
            continue;
        for (size_t n = 0; (piece = piece_of(draft, field->parameter, n)) != NULL; n++)
            bits += piece->coding.bits;
        below = bits;
        if (!wfd_coding_of(draft, field->type, field->entry, &whole.coding) ||
            whole.coding.type != WF_TYPE_UINT || whole.coding.bits != bits || bits > 64 ||
            whole.coding.is_little || whole.coding.encoding != WF_ENCODING_PLAIN ||
            wfd_is_calibrated(draft, &whole)) {
            wfd_note(draft, field->entry, "'%s' stays in the pieces in which it is sent",
                     wfd_attribute(field->parameter, "name"));
            continue;
        }
        wf_name_from_text(wfd_attribute(field->parameter, "name"), whole.name);
        wf_strbuf_addf(out, "\n[derived %s]\ntype = uint\nexpression =", whole.name);
        for (size_t n = 0; (piece = piece_of(draft, field->parameter, n)) != NULL; n++) {
            below -= piece->coding.bits;
            wf_strbuf_addf(out, below > 0 ? "%s%s << %u" : "%s%s", n > 0 ? " | " : " ", piece->name,
                           below);
        }
        wf_strbuf_add_char(out, '\n');
        wfd_write_text(out, "title", text_of(field->parameter, "shortDescription", ""));
        write_unit(draft, field, out);
        wfd_write_limits(draft, &whole, false, out);
    }
}

/* --- the subsystem -------------------------------------------------------------------------------- */

/* Packets that extend this one are their own subsystems: not these. */
static void exclude_children(struct wfd_draft *draft)
{
    const struct wf_xtce *xtce = draft->xtce;

    for (size_t i = 0; i < xtce->packet_count; i++) {
        const struct wfd_node *chain[WFD_XTCE_CHAIN_MAX];
        size_t count = wfd_chain(xtce, xtce->packets[i].container, chain);
        size_t from = draft->match.len;

        while (count > 0 && chain[count - 1] != draft->container)
            count--;
        if (count == 0 || xtce->packets[i].container == draft->container)
            continue;
        wf_strbuf_add(&draft->match, from > 0 ? " and " : "");
        if (!wfd_difference_text(draft, draft->container, xtce->packets[i].container,
                                 &draft->match)) {
            draft->match.len = from;
            draft->match.text[from] = '\0';
            wfd_note(draft, xtce->packets[i].container,
                     "'%s' extends '%s' and nothing that can be said tells them apart",
                     xtce->packets[i].name, wfd_attribute(draft->container, "name"));
        }
    }
}

void wfd_write_schema(struct wfd_draft *draft, const char *name, struct wf_strbuf *out)
{
    const struct wfd_node *container = draft->container;
    const char *original = wfd_attribute(container, "name");
    const char *title = text_of(container, "shortDescription", "ShortDescription");

    exclude_children(draft);
    wf_strbuf_add(out, "[subsystem]\n");
    wf_strbuf_addf(out, "name = %s\n", name);
    wfd_write_text(out, "title", first_text(title, original != NULL ? original : name));
    wfd_write_text(out, "description", text_of(container, "", "LongDescription"));
    wfd_write_text(out, "version",
                   text_of(wfd_child(wfd_tree_root(draft->xtce->tree), "Header"), "version", ""));
    wf_strbuf_add(out, "apid =");
    for (size_t i = 0; i < draft->apid_count; i++)
        wf_strbuf_addf(out, " %u", (unsigned)draft->apids[i]);
    wf_strbuf_add_char(out, '\n');
    wfd_write_text(out, "match", draft->match.len > 0 ? draft->match.text : "");
    wfd_write_time(draft, out);
    for (size_t i = 0; i < draft->packed; i++)
        write_parameter(draft, &draft->fields[i], i == 0, out);
    write_assembled(draft, out);
    for (size_t i = draft->packed; i < draft->count; i++)
        write_derived(draft, &draft->fields[i], out);
    for (size_t i = 0; i < draft->count; i++)
        wfd_write_calibrators(draft, &draft->fields[i], out);
    for (size_t i = 0; i < draft->count; i++)
        write_enumeration(draft, &draft->fields[i], out);
    wfd_write_contexts(draft, out);
}
