/* SPDX-License-Identifier: MIT */
/* /proc/net: interfaces, protocols, sockets. */

#include <string.h>

#include <watchfloor/paths.h>
#include <watchfloor/strbuf.h>

#include "proc.h"

/* `state` is scratch for the interface's own file, `text` is being read. */
static bool is_link_up(const char *root, const char *name, struct proc_text *state)
{
    char path[WF_PATH_SIZE];
    struct wf_strbuf buf = WF_STRBUF_FIXED(path);

    wf_strbuf_addf(&buf, "/sys/class/net/%s/operstate", name);
    /* Loopback and many virtual ones say "unknown" while they work. */
    return buf.was_cut || !proc_text_read(state, root, path) ||
           (strncmp(state->bytes, "down", 4) != 0 && strncmp(state->bytes, "notpresent", 10) != 0 &&
            strncmp(state->bytes, "lowerlayerdown", 14) != 0);
}

static void take_interface(const char *root, char *line, struct proc_text *state,
                           struct host_raw *out)
{
    uint64_t number[16] = { 0 };
    struct host_net_raw *net;
    const char *name;

    if (out->net_count == HOST_ITEMS_MAX || strchr(line, ':') == NULL)
        return;
    name = proc_next_word(&line);
    if (name == NULL)
        return;
    for (int i = 0; i < 16; i++)
        if (!proc_next_u64(&line, &number[i]))
            return; /* one of the two heading lines */
    net = &out->nets[out->net_count++];
    *net = (struct host_net_raw){
        .is_loopback = strcmp(name, "lo") == 0,
        .received_bytes = number[0],
        .received_packets = number[1],
        .received_errors = number[2],
        .received_drops = number[3],
        .sent_bytes = number[8],
        .sent_packets = number[9],
        .sent_errors = number[10],
        .sent_drops = number[11],
    };
    (void)wf_copy_text(net->name, sizeof(net->name), name);
    net->is_up = is_link_up(root, name, state);
}

/* The number under `column` in a pair of lines, names above numbers. */
static bool find_column(const char *names, const char *numbers, const char *column, uint64_t *out)
{
    for (;;) {
        size_t name_len;
        size_t number_len;
        char word[24];

        names += strspn(names, " ");
        numbers += strspn(numbers, " ");
        name_len = strcspn(names, " \n");
        number_len = strcspn(numbers, " \n");
        if (name_len == 0 || number_len == 0 || number_len >= sizeof(word))
            return false;
        if (name_len == strlen(column) && strncmp(names, column, name_len) == 0) {
            memcpy(word, numbers, number_len);
            word[number_len] = '\0';
            return wf_parse_u64(word, out, NULL) == 0;
        }
        names += name_len;
        numbers += number_len;
    }
}

/*
 * /proc/net/snmp has pairs of lines: names, then numbers. Find `column` of the
 * protocol `key` ("Udp"). The text is left as it is.
 */
static bool find_snmp(const struct proc_text *text, const char *key, const char *column,
                      uint64_t *out)
{
    const size_t key_len = strlen(key);
    const char *names = NULL;

    for (const char *line = text->bytes; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');

        if (strncmp(line, key, key_len) == 0 && line[key_len] == ':') {
            if (names != NULL)
                return find_column(names, line + key_len + 1, column, out);
            names = line + key_len + 1;
        }
        line = end != NULL ? end + 1 : NULL;
    }
    return false;
}

static void read_protocols(const char *root, struct proc_text *text, struct host_raw *out)
{
    uint64_t number = 0;

    if (!proc_text_read(text, root, "/proc/net/snmp"))
        return;
    (void)find_snmp(text, "Udp", "InDatagrams", &out->udp_received);
    (void)find_snmp(text, "Udp", "OutDatagrams", &out->udp_sent);
    (void)find_snmp(text, "Udp", "InErrors", &out->udp_errors);
    (void)find_snmp(text, "Udp", "RcvbufErrors", &out->udp_full);
    (void)find_snmp(text, "Tcp", "RetransSegs", &out->tcp_resent);
    (void)find_snmp(text, "Tcp", "EstabResets", &out->tcp_resets);
    if (find_snmp(text, "Tcp", "CurrEstab", &number))
        out->tcp_connections = (uint32_t)number;
}

static void read_sockets(const char *root, struct proc_text *text, struct host_raw *out)
{
    uint64_t number = 0;
    char *cursor;

    if (!proc_text_read(text, root, "/proc/net/sockstat"))
        return;
    cursor = text->bytes; /* "sockets: used 231" */
    if (proc_next_word(&cursor) != NULL && proc_next_word(&cursor) != NULL &&
        proc_next_u64(&cursor, &number))
        out->sockets = (uint32_t)number;
}

void proc_read_net(const char *root, struct proc_text *text, struct host_raw *out)
{
    struct proc_text state = { 0 };
    char *cursor;
    char *line;

    if (proc_text_read(text, root, "/proc/net/dev")) {
        cursor = text->bytes;
        while ((line = proc_next_line(&cursor)) != NULL)
            take_interface(root, line, &state, out);
    }
    proc_text_fini(&state);
    read_protocols(root, text, out);
    read_sockets(root, text, out);
}
