/* SPDX-License-Identifier: MIT */
/* "Did you mean": the nearest known name, for messages. See <watchfloor/ini.h>. */

#include <watchfloor/ini.h>

#include <string.h>

#include <watchfloor/strbuf.h>

/* Longer names are not compared: nobody mistypes them, and the rows below stay small. */
#define LENGTH_MAX 64

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;

    return least < c ? least : c;
}

static bool is_same(char a, char b)
{
    const char left[] = { a, '\0' }, right[] = { b, '\0' };

    return wf_casecmp(left, right) == 0;
}

/* Edit distance; two neighbours exchanged count as one edit. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][LENGTH_MAX + 1];
    size_t a_len = strlen(a), b_len = strlen(b);

    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *second = rows[(i + 1) % 3];

        row[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            size_t change = is_same(a[i - 1], b[j - 1]) ? 0 : 1;

            row[j] = smallest(above[j] + 1, row[j - 1] + 1, above[j - 1] + change);
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]) &&
                second[j - 2] + 1 < row[j])
                row[j] = second[j - 2] + 1;
        }
    }
    return rows[a_len % 3][b_len];
}

static bool begins_with(const char *text, const char *beginning)
{
    while (*beginning != '\0' && is_same(*text, *beginning)) {
        text++;
        beginning++;
    }
    return *beginning == '\0';
}

const char *wf_nearest_name(const char *name, const char *const *candidates, size_t count)
{
    const char *nearest = NULL;
    size_t len = strlen(name);
    size_t limit = len < 3 ? 1 : len < 8 ? 2 : 3;

    if (len == 0 || len > LENGTH_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t steps;

        if (strlen(candidates[i]) > LENGTH_MAX)
            continue;
        steps = distance(name, candidates[i]);
        if (steps > limit && len >= 4 && begins_with(candidates[i], name))
            steps = limit; /* what was begun and not ended */
        if (steps <= limit && steps < len) {
            nearest = candidates[i];
            if (steps == 0)
                break;
            limit = steps - 1;
        }
    }
    return nearest;
}
