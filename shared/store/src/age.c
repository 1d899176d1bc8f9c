/* SPDX-License-Identifier: MIT */
/* Age: see age.h. */

#include "age.h"

#include <watchfloor/clock.h>

#include "db.h"
#include "folder.h"

#define HOLE_NS (7 * WF_NS_PER_DAY)

int64_t wfs_believed_now(const int64_t *keys, size_t count, int64_t now_ns)
{
    int64_t believed_ns = now_ns, from_ns = now_ns;
    size_t behind = 0; /* days seen so far: those behind the hole, should there be one */

    /*
     * No memory of leaps is needed, nor would it survive what makes clocks leap: the files say
     * it. Three, because a leap that ends close to a midnight makes two within a minute.
     */
    while (count > 0 && wfs_file_day(keys[count - 1]) > now_ns)
        count--;
    for (; count > 0 && behind < WFS_DAYS_BELIEVED; count--) {
        int64_t day_ns = wfs_file_day(keys[count - 1]);

        if (from_ns - day_ns > HOLE_NS + WF_NS_PER_DAY)
            believed_ns = day_ns + WF_NS_PER_DAY;
        behind += behind == 0 || day_ns != from_ns;
        from_ns = day_ns;
    }
    return believed_ns;
}

/* Commits are counted through all files of history. */
static int64_t last_commit(const char *path)
{
    sqlite3 *db = NULL;
    int64_t serial = 0;

    if (wfs_open_reader(path, 2000, &db, NULL) == 0)
        (void)wfs_get_i64(db, "SELECT max(serial) FROM _positions", 0, &serial, NULL);
    wfs_close(&db);
    return serial;
}

bool wfs_is_written_after(const char *path, const char *other)
{
    int64_t serial = last_commit(path), before = last_commit(other);

    return before > 0 && serial > before;
}
