/* SPDX-License-Identifier: MIT */
/* Table regions: rows by key, the log of changes, adoption; and the index of keys below. */

#include "region_support.h"

#include "row_index.h"

#define ALARMS_TEXT                                                                                \
    "[subsystem]\nname = alarms\nkind = table\nkey = id\nrows = 8\n"                               \
    "[parameter id]\ntype = string\nsize = 15\n"                                                   \
    "[parameter level]\nbits = 32\n"

/* The struct that ALARMS_TEXT describes. */
struct alarm_row {
    char id[16];
    uint32_t level;
};

static struct wf_schema *alarms_schema(void)
{
    return schema_from("alarms", ALARMS_TEXT);
}

static int set(struct wf_writer *writer, const char *id, uint32_t level)
{
    unsigned char payload[256] = { 0 };
    struct alarm_row row = { .level = level };
    struct wf_stamp stamp = { .received_mono_ns = 1 };

    (void)wf_copy_text(row.id, sizeof(row.id), id);
    memcpy(payload, &row, sizeof(row));
    return wf_writer_set_row(writer, &stamp, payload);
}

/* The row with this id, or -1. */
static int find(const struct wf_region *region, const char *id, uint32_t *out_level)
{
    const struct wf_schema *schema = wf_region_schema(region);

    for (uint32_t i = 0; i < schema->row_max; i++) {
        unsigned char payload[256];
        struct wf_stamp stamp;
        struct alarm_row row;

        if (wf_region_row(region, i, payload, sizeof(payload), &stamp) != 0)
            continue;
        memcpy(&row, payload, sizeof(row));
        if (strcmp(row.id, id) == 0) {
            *out_level = row.level;
            return (int)i;
        }
    }
    return -1;
}

static void rows_are_set_changed_and_removed_by_key(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = alarms_schema();
    struct wf_publisher *publisher = publisher_open(place, "alert");
    struct wf_writer *writer = writer_add(publisher, "wf", schema, NULL);
    struct wf_region *region = region_open(place, "wf", "alarms");
    uint32_t level = 0, row = 99;
    char key[16];

    assert_int_equal(find(region, "a", &level), -1);
    assert_int_equal(set(writer, "a", 1), 0);
    assert_int_equal(set(writer, "b", 2), 0);
    assert_int_equal(set(writer, "a", 3), 0);
    assert_int_equal(find(region, "a", &level), 0);
    assert_int_equal(level, 3);
    assert_int_equal(find(region, "b", &level), 1);
    assert_int_equal(wf_region_changes(region), 3);
    assert_int_equal(wf_region_change(region, 1, &row), 0);
    assert_int_equal(row, 1);

    assert_int_equal(wf_writer_remove_row(writer, "a"), 0);
    assert_int_equal(find(region, "a", &level), -1);
    assert_int_equal(wf_writer_remove_row(writer, "a"), WF_ERR_ABSENT);
    assert_int_equal(set(writer, "", 1), WF_ERR_INVALID);

    for (int i = 0; i < 7; i++) { /* one is taken, eight there are */
        (void)snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(set(writer, key, (uint32_t)i), 0);
    }
    assert_int_equal(set(writer, "toomany", 1), WF_ERR_LIMIT);
    assert_int_equal(set(writer, "k3", 33), 0);
    assert_true(find(region, "k3", &level) >= 0);
    assert_int_equal(level, 33);
    wf_region_close(&region);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
}

static void the_log_tells_which_rows_changed_until_it_is_passed(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = alarms_schema();
    struct wf_publisher *publisher = publisher_open(place, "alert");
    struct wf_writer *writer = writer_add(publisher, "wf", schema, NULL);
    struct wf_region *region = region_open(place, "wf", "alarms");
    uint64_t head;
    uint32_t row;

    for (uint32_t i = 0; i < 200; i++)
        assert_int_equal(set(writer, i % 2 == 0 ? "even" : "odd", i), 0);
    head = wf_region_changes(region);
    assert_int_equal(head, 200);
    assert_int_equal(wf_region_change(region, head, &row), WF_ERR_ABSENT);
    assert_int_equal(wf_region_change(region, 0, &row), WF_ERR_GONE);
    for (uint64_t change = head - 64; change < head; change++) {
        assert_int_equal(wf_region_change(region, change, &row), 0);
        assert_int_equal(row, change % 2);
    }
    wf_region_close(&region);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
}

static void an_adopted_table_knows_its_rows(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = alarms_schema();
    struct wf_publisher *publisher = publisher_open(place, "alert");
    struct wf_writer *writer = writer_add(publisher, "wf", schema, NULL);
    struct wf_region *region = region_open(place, "wf", "alarms");
    bool was_adopted = false;
    uint32_t level;

    assert_int_equal(set(writer, "a", 1), 0);
    assert_int_equal(set(writer, "b", 2), 0);
    assert_int_equal(set(writer, "c", 3), 0);
    assert_int_equal(wf_writer_remove_row(writer, "b"), 0);
    wf_publisher_close(&publisher);

    publisher = publisher_open(place, "alert");
    writer = writer_add(publisher, "wf", schema, &was_adopted);
    assert_true(was_adopted);
    assert_int_equal(set(writer, "c", 30), 0);
    assert_int_equal(find(region, "c", &level), 2);
    assert_int_equal(level, 30);
    assert_int_equal(set(writer, "d", 4), 0);
    assert_int_equal(find(region, "d", &level), 1); /* where b was */
    assert_int_equal(wf_writer_remove_row(writer, "a"), 0);
    assert_int_equal(find(region, "a", &level), -1);
    wf_region_close(&region);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
}

static void samples_and_tables_are_not_mixed_up(void **state)
{
    const struct place *place = *state;
    struct wf_schema *alarms = alarms_schema(), *power = power_schema();
    struct wf_publisher *publisher = publisher_open(place, "alert");
    struct wf_writer *table = writer_add(publisher, "wf", alarms, NULL);
    struct wf_writer *samples = writer_add(publisher, "wf", power, NULL);
    struct wf_region *table_region = region_open(place, "wf", "alarms");
    struct wf_region *sample_region = region_open(place, "wf", "power");
    unsigned char payload[1024] = { 0 };
    struct wf_stamp stamp = { 0 };
    struct wf_cursor cursor = { 0 };
    struct wf_value value;
    uint64_t lost;
    uint32_t row;

    assert_int_equal(publish_next(table), WF_ERR_INVALID);
    assert_int_equal(wf_writer_set_row(samples, &stamp, payload), WF_ERR_INVALID);
    assert_int_equal(wf_writer_remove_row(samples, "x"), WF_ERR_INVALID);
    assert_int_equal(wf_region_latest(table_region, payload, 1024, &stamp), WF_ERR_INVALID);
    assert_int_equal(wf_region_read(table_region, 0, payload, 1024, &stamp), WF_ERR_INVALID);
    assert_int_equal(wf_region_next(table_region, &cursor, payload, 1024, &stamp, &lost),
                     WF_ERR_INVALID);
    assert_int_equal(wf_region_value(table_region, 0, &value, NULL), WF_ERR_INVALID);
    assert_int_equal(wf_region_row(sample_region, 0, payload, 1024, &stamp), WF_ERR_INVALID);
    assert_int_equal(wf_region_row(table_region, 8, payload, 1024, &stamp), WF_ERR_INVALID);
    assert_int_equal(wf_region_change(sample_region, 0, &row), WF_ERR_INVALID);
    assert_int_equal(wf_region_changes(sample_region), 0);
    wf_region_close(&table_region);
    wf_region_close(&sample_region);
    wf_publisher_close(&publisher);
    wf_schema_free(&alarms);
    wf_schema_free(&power);
}

/* Keys come and go at random; a plain list is the judge. */
static void the_index_agrees_with_a_plain_list(void **state)
{
    enum { ROWS = 50, KEYS = 90 };
    uint32_t row_of[KEYS];
    struct wfi_row_index index;
    uint64_t seed = 12345;
    uint32_t used = 0;

    (void)state;
    memset(row_of, 0xff, sizeof(row_of));
    assert_true(wfi_row_index_init(&index, ROWS, 12));
    for (uint32_t row = ROWS; row > 0; row--)
        wfi_row_index_offer(&index, row - 1);
    for (int step = 0; step < 20000; step++) {
        char key[12];
        uint32_t k, row;

        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
        k = (uint32_t)(seed >> 33) % KEYS;
        (void)snprintf(key, sizeof(key), "key-%u", k);
        row = wfi_row_index_find(&index, key, sizeof(key));
        assert_int_equal(row, row_of[k]);
        if (row == WFI_ROW_NONE) {
            row = wfi_row_index_add(&index, key, sizeof(key));
            assert_int_equal(row == WFI_ROW_NONE, used == ROWS);
            used += row != WFI_ROW_NONE;
            row_of[k] = row;
        } else if (seed >> 63 != 0) {
            wfi_row_index_remove(&index, row);
            row_of[k] = WFI_ROW_NONE;
            used--;
        }
    }
    wfi_row_index_fini(&index);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(rows_are_set_changed_and_removed_by_key),
        TEST(the_log_tells_which_rows_changed_until_it_is_passed),
        TEST(an_adopted_table_knows_its_rows),
        TEST(samples_and_tables_are_not_mixed_up),
        cmocka_unit_test(the_index_agrees_with_a_plain_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
