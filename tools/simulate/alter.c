/* SPDX-License-Identifier: MIT */
/* Freezing, ramps and NaN in the C struct of a sample; see alter.h. */

#include "alter.h"

#include <math.h>
#include <string.h>

static const struct wf_parameter *find(const struct wf_schema *schema, const char *name)
{
    const int index = wf_schema_find(schema, name);

    return index == WF_NO_INDEX ? NULL : &schema->parameters[index];
}

static bool is_float(const struct wf_parameter *parameter)
{
    return parameter->type == WF_TYPE_FLOAT && parameter->encoding == WF_ENCODING_PLAIN &&
           parameter->calibrator == WF_NO_INDEX;
}

bool sim_alter_goal(const struct wf_parameter *parameter, double *out)
{
    const struct wf_limits *limits = &parameter->limits;
    const double *value = limits->value;
    const uint8_t present = limits->present;

    if (present & (1u << WF_HIHI))
        *out = value[WF_HIHI] + 0.02 * fabs(value[WF_HIHI]);
    else if (present & (1u << WF_HI))
        *out = value[WF_HI] + 0.02 * fabs(value[WF_HI]);
    else if (present & (1u << WF_LOLO))
        *out = value[WF_LOLO] - 0.02 * fabs(value[WF_LOLO]);
    else if (present & (1u << WF_LO))
        *out = value[WF_LO] - 0.02 * fabs(value[WF_LO]);
    else
        return false;
    return true;
}

int sim_alter_check(const struct wf_schema *schema, const struct sim_fault *fault,
                    struct wf_err *err)
{
    const struct wf_parameter *parameter = find(schema, fault->parameter);
    double goal;

    if (parameter == NULL)
        return wf_fail(err, WF_ERR_INVALID, "fault '%s': %s has no parameter '%s'",
                       sim_fault_name(fault->kind), schema->name, fault->parameter);
    if (parameter->is_derived)
        return wf_fail(err, WF_ERR_INVALID,
                       "fault '%s': %s.%s is derived; name one that is in the packet",
                       sim_fault_name(fault->kind), schema->name, parameter->name);
    if (fault->kind == SIM_FAULT_NAN && !is_float(parameter)) {
        const char *example = "";

        for (size_t i = 0; i < schema->parameter_count && *example == '\0'; i++)
            if (is_float(&schema->parameters[i]) && !schema->parameters[i].is_derived)
                example = schema->parameters[i].name;
        return wf_fail(err, WF_ERR_INVALID, "fault 'nan': %s.%s is not a float in the packet%s%s",
                       schema->name, parameter->name, *example != '\0' ? "; one that is: " : "",
                       example);
    }
    if (fault->kind != SIM_FAULT_RAMP)
        return 0;
    if (parameter->type == WF_TYPE_STRING || parameter->type == WF_TYPE_BYTES ||
        parameter->type == WF_TYPE_TIME)
        return wf_fail(err, WF_ERR_INVALID, "fault 'ramp': %s.%s is not a number", schema->name,
                       parameter->name);
    if (!fault->has_to && !sim_alter_goal(parameter, &goal))
        return wf_fail(err, WF_ERR_INVALID,
                       "fault 'ramp': %s.%s has no limits to go beyond; say 'to VALUE'",
                       schema->name, parameter->name);
    return 0;
}

void sim_alter_freeze(const struct wf_schema *schema, const char *name, const void *before,
                      void *payload)
{
    const struct wf_parameter *parameter;
    size_t bytes;

    if (*name == '\0') {
        memcpy(payload, before, schema->struct_bytes);
        return;
    }
    parameter = find(schema, name);
    bytes = (size_t)wf_storage_bytes(parameter->storage) * parameter->count_max;
    if (parameter->storage == WF_STORE_CHARS)
        bytes = parameter->size_max + 1u;
    else if (parameter->storage == WF_STORE_BYTES)
        bytes = parameter->size_max;
    memcpy((char *)payload + parameter->offset, (const char *)before + parameter->offset, bytes);
    if (parameter->count_offset != 0)
        memcpy((char *)payload + parameter->count_offset,
               (const char *)before + parameter->count_offset, sizeof(uint32_t));
}

static double read_number(enum wf_storage storage, const char *at)
{
#define READ(type)                                                                                 \
    {                                                                                              \
        type value;                                                                                \
        memcpy(&value, at, sizeof(value));                                                         \
        return (double)value;                                                                      \
    }
    switch (storage) {
    case WF_STORE_U8:
    case WF_STORE_BOOL:
        READ(uint8_t)
    case WF_STORE_U16:
        READ(uint16_t)
    case WF_STORE_U32:
        READ(uint32_t)
    case WF_STORE_U64:
        READ(uint64_t)
    case WF_STORE_I8:
        READ(int8_t)
    case WF_STORE_I16:
        READ(int16_t)
    case WF_STORE_I32:
        READ(int32_t)
    case WF_STORE_I64:
        READ(int64_t)
    case WF_STORE_F32:
        READ(float)
    case WF_STORE_F64:
        READ(double)
    default:
        return 0.0;
    }
#undef READ
}

static void write_number(enum wf_storage storage, char *at, double number)
{
#define WRITE(type, low, high)                                                                     \
    {                                                                                              \
        const type value = (type)fmax((low), fmin((high), number));                                \
        memcpy(at, &value, sizeof(value));                                                         \
        break;                                                                                     \
    }
    switch (storage) {
    case WF_STORE_U8:
        WRITE(uint8_t, 0.0, UINT8_MAX)
    case WF_STORE_BOOL:
        WRITE(uint8_t, 0.0, 1.0)
    case WF_STORE_U16:
        WRITE(uint16_t, 0.0, UINT16_MAX)
    case WF_STORE_U32:
        WRITE(uint32_t, 0.0, UINT32_MAX)
    case WF_STORE_U64:
        WRITE(uint64_t, 0.0, 9.2e18)
    case WF_STORE_I8:
        WRITE(int8_t, INT8_MIN, INT8_MAX)
    case WF_STORE_I16:
        WRITE(int16_t, INT16_MIN, INT16_MAX)
    case WF_STORE_I32:
        WRITE(int32_t, INT32_MIN, INT32_MAX)
    case WF_STORE_I64:
        WRITE(int64_t, -9.2e18, 9.2e18)
    case WF_STORE_F32: {
        const float value = (float)number;

        memcpy(at, &value, sizeof(value));
        break;
    }
    case WF_STORE_F64:
        memcpy(at, &number, sizeof(number));
        break;
    default:
        break;
    }
#undef WRITE
}

void sim_alter_ramp(const struct wf_schema *schema, const struct sim_fault *fault, double progress,
                    void *payload)
{
    const struct wf_parameter *parameter = find(schema, fault->parameter);
    const size_t step = wf_storage_bytes(parameter->storage);
    double goal = fault->to;

    if (!fault->has_to)
        (void)sim_alter_goal(parameter, &goal); /* checked at the start */
    for (size_t i = 0; i < parameter->count_max; i++) {
        char *at = (char *)payload + parameter->offset + i * step;
        const double now = read_number(parameter->storage, at);

        write_number(parameter->storage, at, now + (goal - now) * sim_ramp_shape(progress));
    }
}

void sim_alter_nan(const struct wf_schema *schema, const char *name, void *payload)
{
    const struct wf_parameter *parameter = find(schema, name);
    const size_t step = wf_storage_bytes(parameter->storage);

    for (size_t i = 0; i < parameter->count_max; i++)
        write_number(parameter->storage, (char *)payload + parameter->offset + i * step,
                     (double)NAN);
}
