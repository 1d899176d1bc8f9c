/* SPDX-License-Identifier: MIT */
/*
 * read_while_writing INSTANCE STATE - reads in a loop while another process
 * writes as fast as it can. No sample is ever torn, and none is lost silently.
 */

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <watchfloor/publisher.h>

static const char text[] = "[subsystem]\n[parameter a]\nbits = 64\n[parameter b]\nbits = 64\n";

static void write_for_ever(struct wf_writer *writer)
{
    for (uint64_t n = 0;; n++) {
        uint64_t payload[3] = { n, ~n }; /* a and b belong together; then their qualities */
        (void)wf_writer_publish(writer, &(struct wf_stamp){ .received_mono_ns = 1 }, payload);
    }
}

int main(int argc, char **argv)
{
    struct wf_publisher_options options = { .instance = argv[1], .role = "example" };
    struct wf_publisher *publisher = NULL;
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_writer *writer = NULL;
    struct wf_region *region = NULL;
    struct wf_cursor cursor = { 0 };
    uint64_t payload[3], lost, torn = 0;
    struct wf_stamp stamp;
    struct wf_err err = { 0 };

    options.state = argv[argc - 1];
    if (argc != 3 ||
        wf_schema_parse("pair.ini", text, sizeof(text) - 1, &schema, &problems, &err) < 0 ||
        wf_publisher_open(&options, &publisher, &err) < 0 ||
        wf_publisher_add(publisher, "main", schema, &writer, NULL, &err) < 0 ||
        wf_region_open(argv[1], "main", "pair", &region, &err) < 0) {
        (void)fprintf(stderr, "usage: read_while_writing INSTANCE STATE\n%s\n", err.text);
        return 2;
    }
    pid_t child = fork();
    if (child == 0)
        write_for_ever(writer);
    while (cursor.delivered < 100000)
        if (wf_region_next(region, &cursor, payload, sizeof(payload), &stamp, &lost) == 0)
            torn += payload[1] != ~payload[0];
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    (void)printf("%llu read, %llu torn\n", (unsigned long long)cursor.delivered,
                 (unsigned long long)torn);
    wf_region_close(&region);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
    return torn != 0;
}
