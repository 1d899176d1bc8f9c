/* SPDX-License-Identifier: MIT */
/* Splitting the `run` of a [process]: see <watchfloor/config.h>. */

#include <watchfloor/config.h>

#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* Copy one word from *at to *out, without its quotes; false when a quote stays open. */
static bool take_word(const char **at, char **out)
{
    bool is_quoted = false;

    for (; **at != '\0' && (is_quoted || !is_blank(**at)); (*at)++) {
        if (**at == '"')
            is_quoted = !is_quoted;
        else
            *(*out)++ = **at;
    }
    *(*out)++ = '\0';
    return !is_quoted;
}

int wf_config_arguments(const struct wf_config_process *process, char ***out_arguments,
                        struct wf_err *err)
{
    size_t len = strlen(process->run);
    size_t count = 0;
    /* Every second byte may begin a word; the text itself stands behind the list. */
    size_t list_bytes = (len / 2 + 2) * sizeof(char *);
    char **list = malloc(list_bytes + len + 1);
    char *text = (char *)list + list_bytes;
    const char *at = process->run;

    if (list == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (;;) {
        while (is_blank(*at))
            at++;
        if (*at == '\0')
            break;
        list[count++] = text;
        if (!take_word(&at, &text)) {
            free(list);
            return wf_fail(err, WF_ERR_INVALID, "a quote is opened and not closed");
        }
    }
    list[count] = NULL;
    if (count == 0 || list[0][0] == '\0') {
        free(list);
        return wf_fail(err, WF_ERR_INVALID, "expected PROGRAM ARGUMENTS");
    }
    *out_arguments = list;
    return 0;
}
