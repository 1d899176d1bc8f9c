/* SPDX-License-Identifier: MIT */
/* What one configuration key cannot know about the others: see config_check.h. */

#include "config_check.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

unsigned wf_config_line(const struct wf_config *config, unsigned section_line, const char *key)
{
    for (size_t i = 0; i < config->ini->section_count; i++) {
        const struct wf_ini_section *section = &config->ini->sections[i];

        for (size_t k = 0; section->line == section_line && k < section->key_count; k++)
            if (wf_casecmp(section->keys[k].name, key) == 0)
                return section->keys[k].line;
    }
    return section_line;
}

/* --- listeners -------------------------------------------------------------------------------- */

/* 32 or 128 when `text` is an IPv4 or IPv6 address, else 0. */
static unsigned address_bits(const char *text)
{
    unsigned char room[16];

    if (inet_pton(AF_INET, text, room) == 1)
        return 32;
    return inet_pton(AF_INET6, text, room) == 1 ? 128 : 0;
}

static void check_allow(const struct wf_config *config, const struct wf_config_listener *listener,
                        struct wf_problems *problems)
{
    static const char blanks[] = " \t\n,";
    unsigned line = wf_config_line(config, listener->line, "allow");

    for (const char *at = listener->allow + strspn(listener->allow, blanks); *at != '\0';) {
        size_t len = strcspn(at, blanks);
        char entry[80];
        char *slash;
        uint64_t prefix = 0;
        unsigned bits;

        (void)wf_copy_text(entry, len + 1 < sizeof(entry) ? len + 1 : sizeof(entry), at);
        slash = strchr(entry, '/');
        if (slash != NULL)
            *slash++ = '\0';
        bits = address_bits(entry);
        if (bits == 0 || len >= sizeof(entry) ||
            (slash != NULL && (wf_parse_u64(slash, &prefix, NULL) < 0 || prefix > bits)))
            wf_problems_add(problems, config->file, line,
                            "allow: '%.*s' is not ADDRESS or ADDRESS/PREFIX, as 10.0.0.0/8 or "
                            "fd00::/8",
                            (int)(len > 60 ? 60 : len), at);
        at += len;
        at += strspn(at, blanks);
    }
}

static bool is_multicast(const char *text)
{
    struct in_addr four;
    struct in6_addr six;

    if (inet_pton(AF_INET, text, &four) == 1)
        return ntohl(four.s_addr) >> 28 == 14;
    return inet_pton(AF_INET6, text, &six) == 1 && six.s6_addr[0] == 0xff;
}

static void check_same_socket(const struct wf_config *config, size_t index,
                              struct wf_problems *problems)
{
    const struct wf_config_listener *mine = &config->listeners[index];

    for (size_t i = 0; i < index && mine->port != 0; i++) {
        const struct wf_config_listener *other = &config->listeners[i];

        if (other->transport == mine->transport && other->port == mine->port &&
            wf_casecmp(other->host, mine->host) == 0 && strcmp(other->group, mine->group) == 0)
            wf_problems_add(problems, config->file, wf_config_line(config, mine->line, "port"),
                            "port: [listener %s] in line %u has the same transport, host and port",
                            other->name, other->line);
    }
}

static void check_listener(const struct wf_config *config, size_t index,
                           struct wf_problems *problems)
{
    const struct wf_config_listener *listener = &config->listeners[index];

    if (listener->host[0] == '\0')
        wf_problems_add(problems, config->file, wf_config_line(config, listener->line, "host"),
                        "host: an address or name is missing; 0.0.0.0 or :: hears all interfaces");
    if (listener->transport == WF_TRANSPORT_TCP_CONNECT && listener->port == 0)
        wf_problems_add(problems, config->file, wf_config_line(config, listener->line, "port"),
                        "[listener %s] connects to somebody, so it needs a port", listener->name);
    if (listener->group[0] != '\0' && !is_multicast(listener->group))
        wf_problems_add(problems, config->file, wf_config_line(config, listener->line, "group"),
                        "group: '%.60s' is not a multicast address (224.0.0.0/4 or ff00::/8)",
                        listener->group);
    if (listener->group[0] != '\0' && listener->transport != WF_TRANSPORT_UDP)
        wf_problems_add(problems, config->file, wf_config_line(config, listener->line, "group"),
                        "group: only transport = udp can join a multicast group");
    if (wf_name_is_equal(listener->source, WF_SOURCE_OWN))
        wf_problems_add(problems, config->file, wf_config_line(config, listener->line, "source"),
                        "source: '%s' is the system's own health; choose another name",
                        WF_SOURCE_OWN);
    check_allow(config, listener, problems);
    check_same_socket(config, index, problems);
}

/* --- processes -------------------------------------------------------------------------------- */

static void check_process(const struct wf_config *config, const struct wf_config_process *process,
                          struct wf_problems *problems)
{
    static const char *const own[] = { "receiver", "logger", "alert", "notify", "up" };
    struct wf_err why = { 0 };
    char **arguments = NULL;
    int rc;

    for (size_t i = 0; i < WF_COUNT_OF(own); i++)
        if (wf_name_is_equal(process->name, own[i]))
            wf_problems_add(problems, config->file, process->line,
                            "[process %s]: `wf up` has one of that name itself; choose another",
                            process->name);
    rc = wf_config_arguments(process, &arguments, &why);
    if (rc < 0)
        wf_problems_add(problems, config->file, wf_config_line(config, process->line, "run"),
                        "[process %s] run: %s", process->name, why.text);
    free(arguments);
}

/* --- overlays --------------------------------------------------------------------------------- */

static bool is_source(const struct wf_config *config, const char *name)
{
    for (size_t i = 0; i < config->source_count; i++)
        if (wf_name_is_equal(config->sources[i].name, name))
            return true;
    for (size_t i = 0; i < config->listener_count; i++)
        if (wf_name_is_equal(config->listeners[i].source, name))
            return true;
    return wf_name_is_equal(name, WF_SOURCE_MAIN);
}

/* Split "a.b.c" at its dots, 1 to 3 parts that are names; 0 when it is not that. */
static size_t split_name(const char *text, char parts[3][WF_NAME_SIZE])
{
    size_t count = 0;

    for (const char *at = text;; at++) {
        size_t len = strcspn(at, ".");

        if (count == 3 || len == 0 || len > WF_NAME_MAX)
            return 0;
        (void)wf_copy_text(parts[count], len + 1, at);
        if (wf_name_check(parts[count], NULL) < 0)
            return 0;
        count++;
        at += len;
        if (*at == '\0')
            return count;
    }
}

/* Short forms, as everywhere: a first part that is no source means the source main. */
static bool read_overlay_name(const struct wf_config *config, const char *name,
                              struct wf_config_overlay *out)
{
    char parts[3][WF_NAME_SIZE];
    size_t count = split_name(name, parts);
    size_t next = count == 3 || (count == 2 && is_source(config, parts[0])) ? 1 : 0;

    if (count == 0)
        return false;
    (void)wf_copy_text(out->source, sizeof(out->source), next == 1 ? parts[0] : WF_SOURCE_MAIN);
    (void)wf_copy_text(out->subsystem, sizeof(out->subsystem), parts[next]);
    if (next + 1 < count)
        (void)wf_copy_text(out->parameter, sizeof(out->parameter), parts[next + 1]);
    return true;
}

static int make_overlays(struct wf_config *config, struct wf_problems *problems, struct wf_err *err)
{
    size_t count = 0;

    for (size_t i = 0; i < config->ini->section_count; i++)
        count += wf_casecmp(config->ini->sections[i].kind, "overlay") == 0;
    config->overlays = calloc(count + 1, sizeof(*config->overlays));
    if (config->overlays == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < config->ini->section_count; i++) {
        struct wf_ini_section *section = &config->ini->sections[i];
        struct wf_config_overlay overlay = { .section = section, .line = section->line };

        if (wf_casecmp(section->kind, "overlay") != 0)
            continue;
        if (!read_overlay_name(config, section->name, &overlay))
            wf_problems_add(problems, config->file, section->line,
                            "[overlay %.60s]: the name is SOURCE.SUBSYSTEM.PARAMETER, as "
                            "sat1.power.bus_voltage",
                            section->name);
        else if (!is_source(config, overlay.source))
            wf_problems_add(problems, config->file, section->line,
                            "[overlay %.60s]: no [source] or listener names the source '%s'",
                            section->name, overlay.source);
        else
            config->overlays[config->overlay_count++] = overlay;
    }
    return 0;
}

/* --- folders ---------------------------------------------------------------------------------- */

/* Plugin folders relative to the file become paths; none at all is the installed one. */
static int resolve_plugins(struct wf_config *config, const struct wf_paths *paths,
                           struct wf_err *err)
{
    const char *slash = strrchr(config->file, '/');
    char here[WF_PATH_SIZE];
    struct wf_strbuf out;
    char *copy;

    /* Modules are loaded by absolute path only. */
    if (getcwd(here, sizeof(here)) == NULL)
        here[0] = '\0';

    wf_strbuf_init(&out, WF_INI_BYTES_MAX);
    for (const char *at = config->plugins; *at != '\0';) {
        size_t len = strcspn(at, ":\n");

        if (len > 0) {
            if (out.len > 0)
                wf_strbuf_add_char(&out, ':');
            if (at[0] != '/' && config->file[0] != '/' && here[0] != '\0')
                wf_strbuf_addf(&out, "%s/", here);
            if (at[0] != '/' && slash != NULL)
                wf_strbuf_add_bytes(&out, config->file, (size_t)(slash - config->file) + 1);
            wf_strbuf_add_bytes(&out, at, len);
        }
        at += len + (at[len] != '\0' ? 1 : 0);
    }
    if (out.len == 0)
        wf_strbuf_add(&out, paths->plugins);
    copy = out.was_cut ? NULL : strdup(out.text);
    wf_strbuf_fini(&out);
    if (copy == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    free(config->plugins);
    config->plugins = copy;
    return 0;
}

static void check_record(const struct wf_config *config, const struct wf_config_record *record,
                         struct wf_problems *problems)
{
    struct wf_err err = { 0 };
    struct wf_deadband deadband;

    if (record->mode == WF_RECORD_PERIOD && record->every_ns <= 0)
        wf_problems_add(problems, config->file, wf_config_line(config, record->line, "every"),
                        "[record %s]: mode = period needs every = TIME, as 10s", record->name);
    if (wf_config_deadband(record, NULL, &deadband, &err) < 0)
        wf_problems_add(problems, config->file, wf_config_line(config, record->line, "deadband"),
                        "deadband: %s", err.text);
}

int wfi_config_check(struct wf_config *config, const struct wf_paths *paths,
                     struct wf_problems *problems, struct wf_err *err)
{
    int rc;

    for (size_t i = 0; i < config->listener_count; i++)
        check_listener(config, i, problems);
    for (size_t i = 0; i < config->source_count; i++)
        if (wf_name_is_equal(config->sources[i].name, WF_SOURCE_OWN))
            wf_problems_add(problems, config->file, config->sources[i].line,
                            "[source %s] is the system's own health; choose another name",
                            WF_SOURCE_OWN);
    for (size_t i = 0; i < config->process_count; i++)
        check_process(config, &config->processes[i], problems);
    for (size_t i = 0; i < config->record_count; i++)
        check_record(config, &config->records[i], problems);
    rc = wfi_config_check_alerts(config, problems, err);
    if (rc == 0)
        rc = make_overlays(config, problems, err);
    return rc < 0 ? rc : resolve_plugins(config, paths, err);
}
