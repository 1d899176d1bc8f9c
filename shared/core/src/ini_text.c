/* SPDX-License-Identifier: MIT */
/* Text checks of INI files: see ini_text.h. */

#include "ini_text.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/strbuf.h>

/* Bytes of the character at `at` (of `left`), or 0 when it is not UTF-8. */
static size_t character_bytes(const unsigned char *at, size_t left)
{
    unsigned char c = at[0];
    size_t bytes = c < 0x80                ? 1
                   : c >= 0xC2 && c < 0xE0 ? 2
                   : c >= 0xE0 && c < 0xF0 ? 3
                   : c >= 0xF0 && c < 0xF5 ? 4
                                           : 0;

    if (bytes == 0 || bytes > left)
        return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((at[i] & 0xC0u) != 0x80u)
            return 0;
    if ((c == 0xE0 && at[1] < 0xA0) || (c == 0xED && at[1] >= 0xA0) ||
        (c == 0xF0 && at[1] < 0x90) || (c == 0xF4 && at[1] >= 0x90))
        return 0;
    return bytes;
}

bool wfi_is_utf8(const char *text, size_t len, size_t *out_bad)
{
    const unsigned char *bytes = (const unsigned char *)text;

    for (size_t i = 0; i < len;) {
        size_t step = character_bytes(bytes + i, len - i);

        if (step == 0) {
            *out_bad = i;
            return false;
        }
        i += step;
    }
    return true;
}

void wfi_trim(char *text)
{
    size_t begin = strspn(text, " \t");
    size_t len = strlen(text);

    while (len > begin && (text[len - 1] == ' ' || text[len - 1] == '\t'))
        len--;
    memmove(text, text + begin, len - begin);
    text[len - begin] = '\0';
}

static int by_section(const void *a, const void *b)
{
    const struct wf_ini_section *const *left = a, *const *right = b;
    int order = wf_casecmp((*left)->kind, (*right)->kind);

    if (order == 0)
        order = wf_casecmp((*left)->name, (*right)->name);
    if (order == 0)
        order = (*left)->line < (*right)->line ? -1 : 1;
    return order;
}

static int by_key(const void *a, const void *b)
{
    const struct wf_ini_key *const *left = a, *const *right = b;
    int order = wf_casecmp((*left)->name, (*right)->name);

    return order != 0 ? order : (*left)->line < (*right)->line ? -1 : 1;
}

static void check_keys(const struct wf_ini *ini, const struct wf_ini_section *section,
                       struct wf_problems *problems)
{
    const struct wf_ini_key **sorted = malloc((section->key_count + 1) * sizeof(*sorted));

    if (sorted == NULL)
        return;
    for (size_t i = 0; i < section->key_count; i++)
        sorted[i] = &section->keys[i];
    qsort(sorted, section->key_count, sizeof(*sorted), by_key);
    for (size_t i = 1; i < section->key_count; i++)
        if (wf_casecmp(sorted[i]->name, sorted[i - 1]->name) == 0)
            wf_problems_add(problems, ini->file, sorted[i]->line,
                            "'%s' stands in line %u of this section already", sorted[i]->name,
                            sorted[i - 1]->line);
    free(sorted);
}

void wfi_ini_check_repeats(const struct wf_ini *ini, struct wf_problems *problems)
{
    const struct wf_ini_section **sorted = malloc((ini->section_count + 1) * sizeof(*sorted));

    for (size_t i = 0; i < ini->section_count; i++) {
        check_keys(ini, &ini->sections[i], problems);
        if (sorted != NULL)
            sorted[i] = &ini->sections[i];
    }
    if (sorted == NULL)
        return;
    qsort(sorted, ini->section_count, sizeof(*sorted), by_section);
    for (size_t i = 1; i < ini->section_count; i++)
        if (wf_casecmp(sorted[i]->kind, sorted[i - 1]->kind) == 0 &&
            wf_casecmp(sorted[i]->name, sorted[i - 1]->name) == 0)
            wf_problems_add(problems, ini->file, sorted[i]->line,
                            "[%s%s%s] stands in line %u already; put its keys together",
                            sorted[i]->kind, sorted[i]->name[0] != '\0' ? " " : "", sorted[i]->name,
                            sorted[i - 1]->line);
    free(sorted);
}
