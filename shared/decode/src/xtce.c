/* SPDX-License-Identifier: MIT */
/* The names of an XTCE file, and which of its containers are packets: see xtce.h. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>

#include "xtce_model.h"

/* --- names ---------------------------------------------------------------------------------- */

static uint64_t hash(const struct wfd_node *space, enum wfd_kind kind, const char *name, size_t len)
{
    uint64_t sum = UINT64_C(14695981039346656037) ^ (uint64_t)(uintptr_t)space ^ (uint64_t)kind;

    for (size_t i = 0; i < len; i++)
        sum = (sum ^ (unsigned char)name[i]) * UINT64_C(1099511628211);
    return sum ^ sum >> 29;
}

static struct wfd_slot *find_slot(const struct wf_xtce *xtce, const struct wfd_node *space,
                                  enum wfd_kind kind, const char *name, size_t len)
{
    size_t at = (size_t)hash(space, kind, name, len) & xtce->slot_mask;

    while (xtce->slots[at].node != NULL) {
        struct wfd_slot *slot = &xtce->slots[at];

        if (slot->space == space && slot->kind == kind && strncmp(slot->name, name, len) == 0 &&
            slot->name[len] == '\0')
            return slot;
        at = (at + 1) & xtce->slot_mask;
    }
    return &xtce->slots[at];
}

static bool grow(struct wf_xtce *xtce)
{
    struct wfd_slot *old = xtce->slots;
    size_t count = old != NULL ? xtce->slot_mask + 1 : 0;

    if (xtce->slot_used * 2 < count)
        return true;
    xtce->slots = calloc(count == 0 ? 256 : count * 2, sizeof(*xtce->slots));
    if (xtce->slots == NULL) {
        xtce->slots = old;
        return false;
    }
    xtce->slot_mask = (count == 0 ? 256 : count * 2) - 1;
    for (size_t i = 0; i < count; i++) {
        if (old[i].node != NULL)
            *find_slot(xtce, old[i].space, old[i].kind, old[i].name, strlen(old[i].name)) = old[i];
    }
    free(old);
    return true;
}

static bool add_name(struct wf_xtce *xtce, const struct wfd_node *space, enum wfd_kind kind,
                     const struct wfd_node *node)
{
    const char *name = wfd_attribute(node, "name");
    struct wfd_slot *slot;

    if (name == NULL)
        return true;
    if (!grow(xtce))
        return false;
    slot = find_slot(xtce, space, kind, name, strlen(name));
    if (slot->node != NULL) {
        wf_problems_add(&xtce->notes, wfd_tree_file(xtce->tree), node->line,
                        "%s '%s' is defined again; the one in line %u is used", node->name, name,
                        slot->node->line);
        return true;
    }
    *slot = (struct wfd_slot){ .space = space, .node = node, .name = name, .kind = kind };
    xtce->slot_used++;
    return true;
}

static bool add_set(struct wf_xtce *xtce, const struct wfd_node *space, const struct wfd_node *set,
                    enum wfd_kind kind)
{
    for (const struct wfd_node *node = set != NULL ? set->first : NULL; node != NULL;
         node = node->next) {
        if (!add_name(xtce, space, kind, node))
            return false;
    }
    return true;
}

static bool add_calculations(struct wf_xtce *xtce, const struct wfd_node *set)
{
    for (const struct wfd_node *node = set != NULL ? set->first : NULL; node != NULL;
         node = node->next) {
        const struct wfd_node *operation = wfd_child(node, "MathOperation");
        const struct wfd_node **list;

        if (operation == NULL) {
            wf_problems_add(&xtce->notes, wfd_tree_file(xtce->tree), node->line,
                            "%s '%s': left out", node->name,
                            wfd_attribute(node, "name") != NULL ? wfd_attribute(node, "name") : "");
            continue;
        }
        list = realloc(xtce->calculations, (xtce->calculation_count + 1) * sizeof(*list));
        if (list == NULL)
            return false;
        xtce->calculations = list;
        list[xtce->calculation_count++] = operation;
    }
    return true;
}

static bool add_space(struct wf_xtce *xtce, const struct wfd_node *space)
{
    static const char *const parts[] = { "TelemetryMetaData", "CommandMetaData" };

    for (size_t i = 0; i < WF_COUNT_OF(parts); i++) {
        const struct wfd_node *part = wfd_child(space, parts[i]);

        if (!add_set(xtce, space, wfd_child(part, "ParameterTypeSet"), WFD_KIND_TYPE) ||
            !add_set(xtce, space, wfd_child(part, "ParameterSet"), WFD_KIND_PARAMETER) ||
            (i == 0 && !add_set(xtce, space, wfd_child(part, "ContainerSet"), WFD_KIND_CONTAINER)))
            return false;
        if (i == 1 && part != NULL &&
            (wfd_child(part, "MetaCommandSet") != NULL || wfd_child(part, "ArgumentTypeSet")))
            wf_problems_add(&xtce->notes, wfd_tree_file(xtce->tree), part->line,
                            "CommandMetaData: commands are not imported");
    }
    if (!add_calculations(xtce, wfd_path(space, "TelemetryMetaData/AlgorithmSet")))
        return false;
    for (const struct wfd_node *node = wfd_child(space, "SpaceSystem"); node != NULL;
         node = wfd_next(node)) {
        if (!add_space(xtce, node))
            return false;
    }
    return true;
}

static const struct wfd_node *space_of(const struct wfd_node *node)
{
    while (node != NULL && !wfd_is(node, "SpaceSystem"))
        node = node->parent;
    return node;
}

static const struct wfd_node *find_space(const struct wfd_node *space, const char *name, size_t len)
{
    if (len == 0 || (len == 1 && name[0] == '.'))
        return space;
    if (len == 2 && name[0] == '.' && name[1] == '.')
        return space_of(space->parent);
    for (const struct wfd_node *node = wfd_child(space, "SpaceSystem"); node != NULL;
         node = wfd_next(node)) {
        const char *own = wfd_attribute(node, "name");

        if (own != NULL && strncmp(own, name, len) == 0 && own[len] == '\0')
            return node;
    }
    return NULL;
}

static const struct wfd_node *find_in(const struct wf_xtce *xtce, const struct wfd_node *space,
                                      enum wfd_kind kind, const char *reference)
{
    const char *slash;

    while (space != NULL && (slash = strchr(reference, '/')) != NULL) {
        space = find_space(space, reference, (size_t)(slash - reference));
        reference = slash + 1;
    }
    return space == NULL ? NULL : find_slot(xtce, space, kind, reference, strlen(reference))->node;
}

const struct wfd_node *wfd_find(const struct wf_xtce *xtce, const struct wfd_node *from,
                                enum wfd_kind kind, const char *reference)
{
    const struct wfd_node *root = wfd_tree_root(xtce->tree);
    const struct wfd_node *found = NULL;

    if (reference == NULL || xtce->slots == NULL)
        return NULL;
    if (reference[0] == '/') { /* from the root, with or without its own name */
        const char *name = wfd_attribute(root, "name");
        size_t len = name != NULL ? strlen(name) : 0;

        if (len > 0 && strncmp(reference + 1, name, len) == 0 && reference[1 + len] == '/')
            found = find_in(xtce, root, kind, reference + 2 + len);
        return found != NULL ? found : find_in(xtce, root, kind, reference + 1);
    }
    for (const struct wfd_node *space = space_of(from); space != NULL && found == NULL;
         space = space_of(space->parent))
        found = find_in(xtce, space, kind, reference);
    return found;
}

const struct wfd_node *wfd_type_child(const struct wf_xtce *xtce, const struct wfd_node *type,
                                      const char *name)
{
    for (int i = 0; type != NULL && i < WFD_XTCE_CHAIN_MAX; i++) {
        const struct wfd_node *child = wfd_child(type, name);

        if (child != NULL)
            return child;
        type = wfd_find(xtce, type, WFD_KIND_TYPE, wfd_attribute(type, "baseType"));
    }
    return NULL;
}

const char *wfd_type_attribute(const struct wf_xtce *xtce, const struct wfd_node *type,
                               const char *name)
{
    for (int i = 0; type != NULL && i < WFD_XTCE_CHAIN_MAX; i++) {
        const char *value = wfd_attribute(type, name);

        if (value != NULL)
            return value;
        type = wfd_find(xtce, type, WFD_KIND_TYPE, wfd_attribute(type, "baseType"));
    }
    return NULL;
}

size_t wfd_chain(const struct wf_xtce *xtce, const struct wfd_node *container,
                 const struct wfd_node *out[WFD_XTCE_CHAIN_MAX])
{
    const struct wfd_node *reverse[WFD_XTCE_CHAIN_MAX];
    size_t count = 0;

    while (container != NULL) {
        const struct wfd_node *base = wfd_child(container, "BaseContainer");

        if (count == WFD_XTCE_CHAIN_MAX)
            return 0;
        reverse[count++] = container;
        if (base == NULL)
            break;
        container =
            wfd_find(xtce, container, WFD_KIND_CONTAINER, wfd_attribute(base, "containerRef"));
        if (container == NULL)
            return 0;
    }
    for (size_t i = 0; i < count; i++)
        out[i] = reverse[count - 1 - i];
    return count;
}

void wfd_note(const struct wfd_draft *draft, const struct wfd_node *node, const char *format, ...)
{
    char text[400];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);
    va_list args;

    if (draft->notes == NULL)
        return;
    va_start(args, format);
    wf_strbuf_vaddf(&buf, format, args);
    va_end(args);
    wf_problems_add(draft->notes, wfd_tree_file(draft->xtce->tree), node != NULL ? node->line : 0,
                    "%s", text);
}

bool wfd_integer(const struct wfd_node *node, const char *attribute, int64_t otherwise,
                 int64_t *out)
{
    const char *text = attribute != NULL ? wfd_attribute(node, attribute) : node->text;
    double real;

    *out = otherwise;
    if (text == NULL)
        return true;
    if (wf_parse_i64(text, out, NULL) == 0)
        return true;
    if (wf_parse_double(text, &real, NULL) < 0 || !(fabs(real) < 1e15) || real != floor(real))
        return false;
    *out = (int64_t)real;
    return true;
}

double wfd_number(const struct wfd_node *node, const char *attribute, double otherwise)
{
    const char *text = wfd_attribute(node, attribute);
    double value;

    return text != NULL && wf_parse_double(text, &value, NULL) == 0 ? value : otherwise;
}

/* --- packets ------------------------------------------------------------------------------------ */

static bool is_name_taken(const struct wf_xtce *xtce, const char *name)
{
    for (size_t i = 0; i < xtce->packet_count; i++) {
        if (wf_name_is_equal(xtce->packets[i].name, name))
            return true;
    }
    return false;
}

/* The container's name; that of its space before it, or a number behind it, where it is taken. */
static void name_packet(const struct wf_xtce *xtce, const struct wfd_node *container,
                        char out[WF_NAME_SIZE])
{
    const char *name = wfd_attribute(container, "name");
    const char *space = wfd_attribute(space_of(container), "name");
    char text[2 * WF_NAME_SIZE + 16];

    wf_name_from_text(name != NULL ? name : "packet", out);
    for (unsigned i = 1; is_name_taken(xtce, out) && i < 10000; i++) {
        struct wf_strbuf buf = WF_STRBUF_FIXED(text);

        if (i == 1)
            wf_strbuf_addf(&buf, "%.20s_%s", space != NULL ? space : "", name != NULL ? name : "");
        else
            wf_strbuf_addf(&buf, "%.40s_%u", name != NULL ? name : "packet", i);
        wf_name_from_text(text, out);
    }
}

static int add_packet(struct wf_xtce *xtce, const struct wfd_node *container)
{
    struct wfd_packet *packets =
        realloc(xtce->packets, (xtce->packet_count + 1) * sizeof(*xtce->packets));

    if (packets == NULL)
        return WF_ERR_NOMEM;
    xtce->packets = packets;
    packets[xtce->packet_count] = (struct wfd_packet){ .container = container };
    name_packet(xtce, container, packets[xtce->packet_count].name);
    xtce->packet_count++;
    return 0;
}

static bool is_abstract(const struct wfd_node *container)
{
    const char *text = wfd_attribute(container, "abstract");
    bool value = false;

    return text != NULL && wf_parse_bool(text, &value, NULL) == 0 && value;
}

/* Mark the containers that are part of another one: its base, or an entry of it. */
static void mark_used(const struct wf_xtce *xtce, const struct wfd_node *node)
{
    for (; node != NULL; node = node->next) {
        if (wfd_is(node, "BaseContainer") || wfd_is(node, "ContainerRefEntry")) {
            const struct wfd_node *found =
                wfd_find(xtce, node, WFD_KIND_CONTAINER, wfd_attribute(node, "containerRef"));

            if (found != NULL)
                ((struct wfd_node *)found)->is_used = true; /* the tree is ours */
        }
        if (!wfd_is(node, "ParameterTypeSet") && !wfd_is(node, "ParameterSet"))
            mark_used(xtce, node->first);
    }
}

static int look_at(struct wf_xtce *xtce, const struct wfd_node *container)
{
    const struct wfd_node *chain[WFD_XTCE_CHAIN_MAX];
    const char *name = wfd_attribute(container, "name");
    struct wfd_draft draft;
    int rc;

    if (!wfd_is(container, "SequenceContainer") || is_abstract(container))
        return 0;
    if (wfd_chain(xtce, container, chain) == 0) {
        wf_problems_add(&xtce->notes, wfd_tree_file(xtce->tree), container->line,
                        "SequenceContainer '%s': its BaseContainer is not in this file; left out",
                        name != NULL ? name : "");
        return 0;
    }
    wfd_draft_begin(&draft, xtce, container, NULL);
    wfd_select(&draft);
    rc = draft.rc == WF_ERR_NOMEM || xtce->steps > WFD_XTCE_STEPS_MAX ? draft.rc : 0;
    if (rc == 0 && draft.apid_count > 0)
        rc = add_packet(xtce, container);
    else if (rc == 0 && !container->is_used)
        wf_problems_add(&xtce->notes, wfd_tree_file(xtce->tree), container->line,
                        "SequenceContainer '%s': no comparison selects it by an APID; left out",
                        name != NULL ? name : "");
    wfd_draft_end(&draft);
    return rc;
}

static int find_packets(struct wf_xtce *xtce, const struct wfd_node *space)
{
    const struct wfd_node *set = wfd_path(space, "TelemetryMetaData/ContainerSet");
    int rc = 0;

    for (const struct wfd_node *node = set != NULL ? set->first : NULL; node != NULL && rc == 0;
         node = node->next)
        rc = look_at(xtce, node);
    for (const struct wfd_node *node = wfd_child(space, "SpaceSystem"); node != NULL && rc == 0;
         node = wfd_next(node))
        rc = find_packets(xtce, node);
    return rc;
}

static void find_children(struct wf_xtce *xtce)
{
    for (size_t i = 0; i < xtce->packet_count; i++) {
        const struct wfd_node *chain[WFD_XTCE_CHAIN_MAX];
        size_t count = wfd_chain(xtce, xtce->packets[i].container, chain);

        for (size_t j = 0; j + 1 < count; j++)
            for (size_t k = 0; k < xtce->packet_count; k++)
                xtce->packets[k].has_children =
                    xtce->packets[k].has_children || xtce->packets[k].container == chain[j];
    }
}

/* --- reading ------------------------------------------------------------------------------------ */

static int make(struct wfd_tree *tree, struct wf_xtce **out_xtce, struct wf_err *err)
{
    struct wf_xtce *xtce = calloc(1, sizeof(*xtce));
    const struct wfd_node *root;
    int rc = 0;

    if (xtce == NULL) {
        wfd_tree_free(&tree);
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    xtce->tree = tree;
    root = wfd_tree_root(tree);
    if (root == NULL || !wfd_is(root, "SpaceSystem"))
        rc = wf_fail(err, WF_ERR_INVALID, "%s:%u: not XTCE: expected <SpaceSystem>, not <%.40s>",
                     wfd_tree_file(tree), root != NULL ? root->line : 1,
                     root != NULL ? root->name : "");
    else if (!add_space(xtce, root))
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (rc == 0 && xtce->slots != NULL) {
        mark_used(xtce, root);
        rc = find_packets(xtce, root);
        if (rc < 0)
            (void)wf_fail(err, (enum wf_rc)rc, "%s: out of memory, or nested beyond measure",
                          wfd_tree_file(tree));
    }
    if (rc < 0) {
        wf_xtce_free(&xtce);
        return rc;
    }
    find_children(xtce);
    *out_xtce = xtce;
    return 0;
}

int wf_xtce_read(const char *path, struct wf_xtce **out_xtce, struct wf_err *err)
{
    struct wfd_tree *tree = NULL;
    int rc = wfd_tree_read(path, &tree, err);

    return rc < 0 ? rc : make(tree, out_xtce, err);
}

int wf_xtce_parse(const char *file, const char *text, size_t len, struct wf_xtce **out_xtce,
                  struct wf_err *err)
{
    struct wfd_tree *tree = NULL;
    int rc = wfd_tree_parse(file, text, len, &tree, err);

    return rc < 0 ? rc : make(tree, out_xtce, err);
}

void wf_xtce_free(struct wf_xtce **xtce)
{
    if (*xtce == NULL)
        return;
    wfd_tree_free(&(*xtce)->tree);
    free((*xtce)->slots);
    free((*xtce)->packets);
    free((*xtce)->calculations);
    wf_problems_fini(&(*xtce)->notes);
    free(*xtce);
    *xtce = NULL;
}

void wf_xtce_notes(const struct wf_xtce *xtce, struct wf_problems *notes)
{
    for (size_t i = 0; i < xtce->notes.kept; i++)
        wf_problems_add(notes, xtce->notes.list[i].file, xtce->notes.list[i].line, "%s",
                        xtce->notes.list[i].text);
}

size_t wf_xtce_packet_count(const struct wf_xtce *xtce)
{
    return xtce->packet_count;
}

const char *wf_xtce_packet_name(const struct wf_xtce *xtce, size_t index)
{
    return xtce->packets[index].name;
}

int wf_xtce_packet_schema(struct wf_xtce *xtce, size_t index, struct wf_strbuf *out,
                          struct wf_problems *notes, struct wf_err *err)
{
    const struct wfd_packet *packet = &xtce->packets[index];
    struct wfd_draft draft;
    int rc;

    wfd_draft_begin(&draft, xtce, packet->container, notes);
    wfd_select(&draft);
    if (draft.rc == 0)
        wfd_write_schema(&draft, packet->name, out);
    rc = draft.rc;
    if (rc == 0 && (out->was_cut || draft.match.was_cut))
        rc = WF_ERR_LIMIT;
    if (rc < 0)
        (void)wf_fail(err, (enum wf_rc)rc, "%s:%u: '%s': %s", wfd_tree_file(xtce->tree),
                      packet->container->line, packet->name,
                      rc == WF_ERR_LIMIT ? "more parameters or text than a schema may have"
                                         : "out of memory");
    wfd_draft_end(&draft);
    return rc;
}
