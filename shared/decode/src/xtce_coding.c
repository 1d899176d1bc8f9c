/* SPDX-License-Identifier: MIT */
/* The bits of XTCE types: data encodings as the schema's type, width, encoding and size. */

#include <math.h>
#include <string.h>

#include <watchfloor/attributes.h>

#include "xtce_model.h"

/* --- amounts ------------------------------------------------------------------------------------ */

/* A DynamicValue below `node`: which parameter, and what is done with it. */
static bool dynamic_amount(struct wfd_draft *draft, const struct wfd_node *dynamic,
                           struct wfd_amount *out)
{
    const struct wfd_node *reference = wfd_child(dynamic, "ParameterInstanceRef");
    const struct wfd_node *adjust = wfd_child(dynamic, "LinearAdjustment");

    out->from = wfd_source_of(draft, dynamic, wfd_attribute(reference, "parameterRef"));
    out->slope = wfd_number(adjust, "slope", 1);
    out->intercept = wfd_number(adjust, "intercept", 0);
    return out->from.parameter != NULL;
}

bool wfd_amount_of(struct wfd_draft *draft, const struct wfd_node *node, struct wfd_amount *out)
{
    const struct wfd_node *fixed = wfd_child(node, "FixedValue");
    const struct wfd_node *dynamic = wfd_child(node, "DynamicValue");

    *out = (struct wfd_amount){ .slope = 1 };
    if (node == NULL)
        return false;
    if (fixed == NULL)
        fixed = wfd_path(node, "Fixed/FixedValue");
    if (fixed != NULL)
        return wfd_integer(fixed, NULL, 0, &out->fixed) && out->fixed >= 0;
    if (dynamic != NULL)
        return dynamic_amount(draft, dynamic, out);
    if (node->first == NULL && node->text[0] != '\0')
        return wfd_integer(node, NULL, 0, &out->fixed) && out->fixed >= 0;
    return false;
}

/* --- numbers ------------------------------------------------------------------------------------ */

static bool is_little(const struct wfd_draft *draft, const struct wfd_node *coding, uint32_t bits)
{
    const char *order = wfd_attribute(coding, "byteOrder");
    const struct wfd_node *list = wfd_child(coding, "ByteOrderList");
    const char *bit_order = wfd_attribute(coding, "bitOrder");
    bool little = order != NULL && strcmp(order, "leastSignificantByteFirst") == 0;

    if (list != NULL) { /* 1.1: significance of each byte, first byte first */
        const struct wfd_node *byte = wfd_child(list, "Byte");
        int64_t significance;

        little = wfd_integer(byte, "byteSignificance", 1, &significance) && significance == 0;
    }
    if (bit_order != NULL && strcmp(bit_order, "leastSignificantBitFirst") == 0)
        wfd_note(draft, coding,
                 "bitOrder leastSignificantBitFirst: read as most significant bit first");
    if (little && bits % 8 != 0) {
        wfd_note(draft, coding, "little-endian with %u bits, no whole bytes: read as big-endian",
                 bits);
        little = false;
    }
    return little && bits > 8;
}

static bool integer_encoding(const struct wfd_draft *draft, const struct wfd_node *node,
                             struct wfd_coding *out)
{
    static const struct {
        const char *name;
        enum wf_type type;
        enum wf_encoding encoding;
    } known[] = {
        { "unsigned", WF_TYPE_UINT, WF_ENCODING_PLAIN },
        { "signed", WF_TYPE_INT, WF_ENCODING_PLAIN },
        { "twosComplement", WF_TYPE_INT, WF_ENCODING_PLAIN },
        { "twosCompliment", WF_TYPE_INT, WF_ENCODING_PLAIN },
        { "signMagnitude", WF_TYPE_INT, WF_ENCODING_SIGN_MAGNITUDE },
        { "onesComplement", WF_TYPE_INT, WF_ENCODING_ONES_COMPLEMENT },
        { "onesCompliment", WF_TYPE_INT, WF_ENCODING_ONES_COMPLEMENT },
        { "BCD", WF_TYPE_UINT, WF_ENCODING_BCD },
        { "packedBCD", WF_TYPE_UINT, WF_ENCODING_BCD },
    };
    const char *encoding = wfd_attribute(node, "encoding");

    out->type = WF_TYPE_UINT;
    if (encoding == NULL)
        return true;
    for (size_t i = 0; i < WF_COUNT_OF(known); i++) {
        if (strcmp(known[i].name, encoding) != 0)
            continue;
        out->type = known[i].type;
        out->encoding = known[i].encoding;
        return true;
    }
    wfd_note(draft, node, "encoding '%.40s': read as unsigned", encoding);
    return true;
}

static bool code_integer(const struct wfd_draft *draft, const struct wfd_node *node,
                         struct wfd_coding *out)
{
    int64_t bits;

    if (!wfd_integer(node, "sizeInBits", 8, &bits) || bits < 1 || bits > 64) {
        wfd_note(draft, node, "an integer of '%.20s' bits: 1 .. 64 can be read; left out",
                 wfd_attribute(node, "sizeInBits"));
        return false;
    }
    out->bits = (uint32_t)bits;
    out->is_little = is_little(draft, node, out->bits);
    return integer_encoding(draft, node, out);
}

static bool code_float(const struct wfd_draft *draft, const struct wfd_node *node,
                       struct wfd_coding *out)
{
    const char *encoding = wfd_attribute(node, "encoding");
    bool is_1750 = encoding != NULL && strncmp(encoding, "MIL", 3) == 0;
    int64_t bits;
    bool is_known = wfd_integer(node, "sizeInBits", 32, &bits) &&
                    (bits == 32 || bits == (is_1750 ? 48 : 64)) &&
                    (is_1750 || encoding == NULL || strncmp(encoding, "IEEE754", 7) == 0);

    if (bits < 1 || bits > 64) {
        wfd_note(draft, node, "a float of %lld bits: left out", (long long)bits);
        return false;
    }
    out->bits = (uint32_t)bits;
    out->is_little = is_little(draft, node, out->bits);
    out->type = is_known ? WF_TYPE_FLOAT : WF_TYPE_UINT;
    out->encoding = is_1750 && is_known ? WF_ENCODING_MIL1750A : WF_ENCODING_PLAIN;
    if (!is_known)
        wfd_note(draft, node, "a float of %u bits encoded as %.20s: its bits are read as a number",
                 out->bits, encoding != NULL ? encoding : "IEEE754");
    return true;
}

/* --- text and bytes --------------------------------------------------------------------------- */

static bool size_from(struct wfd_draft *draft, const struct wfd_node *node,
                      const struct wfd_amount *amount, struct wfd_coding *out)
{
    double add = amount->intercept / 8;

    if (amount->slope != 8 || add != floor(add) || fabs(add) > 65535) {
        wfd_note(draft, node,
                 "a size of %g x parameter %+g bits is no number of bytes: read to the end of "
                 "the packet",
                 amount->slope, amount->intercept);
        out->sizing = WF_SIZE_REST;
        return true;
    }
    out->sizing = WF_SIZE_FIELD;
    out->size_from = amount->from;
    out->size_add = (int64_t)add;
    return true;
}

static uint32_t size_max_of(const struct wfd_node *node)
{
    int64_t bits;

    if (!wfd_integer(node, "maxSizeInBits", 0, &bits) || bits < 8 || bits / 8 > 65535)
        return WFD_XTCE_SIZE_MAX;
    return (uint32_t)(bits / 8);
}

static bool fixed_size(const struct wfd_draft *draft, const struct wfd_node *node, int64_t bits,
                       struct wfd_coding *out)
{
    if (bits < 1 || bits > 8 * 65535) {
        wfd_note(draft, node, "a size of %lld bits: left out", (long long)bits);
        return false;
    }
    if (bits % 8 != 0 && bits <= 64) {
        wfd_note(draft, node, "%lld bits, no whole bytes: read as a number", (long long)bits);
        out->type = WF_TYPE_UINT;
        out->bits = (uint32_t)bits;
        return true;
    }
    if (bits % 8 != 0) {
        wfd_note(draft, node, "%lld bits, no whole bytes: left out", (long long)bits);
        return false;
    }
    out->sizing = WF_SIZE_FIXED;
    out->size_max = (uint32_t)(bits / 8);
    return true;
}

static bool code_sized(struct wfd_draft *draft, const struct wfd_node *node,
                       const struct wfd_node *size, struct wfd_coding *out)
{
    struct wfd_amount amount;

    if (!wfd_amount_of(draft, size, &amount)) {
        wfd_note(draft, node, "its size is not understood: read to the end of the packet");
        out->sizing = WF_SIZE_REST;
        return true;
    }
    return amount.from.parameter != NULL ? size_from(draft, node, &amount, out)
                                         : fixed_size(draft, node, amount.fixed, out);
}

static bool code_string(struct wfd_draft *draft, const struct wfd_node *node,
                        struct wfd_coding *out)
{
    const struct wfd_node *variable = wfd_child(node, "Variable");
    const struct wfd_node *size = variable != NULL ? variable : wfd_child(node, "SizeInBits");
    const struct wfd_node *leading = wfd_child(size, "LeadingSize");
    const struct wfd_node *ending = wfd_child(size, "TerminationChar");
    const char *encoding = wfd_attribute(node, "encoding");
    int64_t number;
    uint64_t value;
    char text[24];

    out->type = WF_TYPE_STRING;
    out->size_max = size_max_of(variable);
    if (size != NULL && size->first == NULL && size->text[0] == '\0') {
        wfd_note(draft, node, "no size is told: read to the end of the packet");
        out->sizing = WF_SIZE_REST;
        return true;
    }
    if (encoding != NULL && strncmp(encoding, "UTF-16", 6) == 0)
        wfd_note(draft, node, "encoding %.20s: its bytes are taken as they are", encoding);
    if (leading != NULL) {
        if (!wfd_integer(leading, "sizeInBitsOfSizeTag", 16, &number) ||
            (number != 8 && number != 16 && number != 32)) {
            wfd_note(draft, leading,
                     "a leading size of %lld bits: 8, 16 or 32 can be read; "
                     "left out",
                     (long long)number);
            return false;
        }
        out->sizing = WF_SIZE_PREFIX;
        out->prefix_bits = (uint32_t)number;
        out->is_little = is_little(draft, node, out->prefix_bits);
        return true;
    }
    if (wfd_child(size, "Fixed") != NULL || wfd_child(size, "FixedValue") != NULL)
        return code_sized(draft, node, size, out);
    if (wfd_child(size, "DynamicValue") != NULL)
        return code_sized(draft, node, size, out);
    if (ending == NULL) {
        wfd_note(draft, node, "its size is not understood: read up to a zero byte");
    } else {
        struct wf_strbuf hex = WF_STRBUF_FIXED(text);

        wf_strbuf_addf(&hex, "0x%.16s", ending->text);
        if (wf_parse_u64(text, &value, NULL) < 0 || value > 255)
            wfd_note(draft, ending, "TerminationChar '%.20s': one byte can be read; taken as 00",
                     ending->text);
        else
            out->terminator = (uint32_t)value;
    }
    out->sizing = WF_SIZE_TERMINATED;
    return true;
}

/* --- types ---------------------------------------------------------------------------------------- */

static bool is_time(const struct wfd_node *type)
{
    return wfd_is(type, "AbsoluteTimeParameterType") || wfd_is(type, "RelativeTimeParameterType");
}

bool wfd_coding_of(struct wfd_draft *draft, const struct wfd_node *type,
                   const struct wfd_node *entry, struct wfd_coding *out)
{
    const struct wfd_node *node;
    const struct wfd_node *from =
        is_time(type) ? wfd_type_child(draft->xtce, type, "Encoding") : type;

    *out = (struct wfd_coding){ .sizing = WF_SIZE_FIXED, .size_max = WFD_XTCE_SIZE_MAX };
    if (from == NULL) {
        wfd_note(draft, type, "%s without Encoding: left out", type->name);
        return false;
    }
    if ((node = out->node = wfd_type_child(draft->xtce, from, "IntegerDataEncoding")) != NULL)
        return code_integer(draft, node, out);
    if ((node = out->node = wfd_type_child(draft->xtce, from, "FloatDataEncoding")) != NULL)
        return code_float(draft, node, out);
    if ((node = out->node = wfd_type_child(draft->xtce, from, "StringDataEncoding")) != NULL)
        return code_string(draft, node, out);
    if ((node = out->node = wfd_type_child(draft->xtce, from, "BinaryDataEncoding")) != NULL) {
        out->type = WF_TYPE_BYTES;
        return code_sized(draft, node, wfd_child(node, "SizeInBits"), out);
    }
    wfd_note(draft, entry, "'%.60s' has no data encoding, so nothing of it is in the packet",
             wfd_attribute(type, "name") != NULL ? wfd_attribute(type, "name") : type->name);
    return false;
}

int64_t wfd_coding_bits(const struct wfd_coding *coding)
{
    if (coding->type != WF_TYPE_STRING && coding->type != WF_TYPE_BYTES)
        return coding->bits;
    return coding->sizing == WF_SIZE_FIXED ? 8 * (int64_t)coding->size_max : -1;
}
