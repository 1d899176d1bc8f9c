/* SPDX-License-Identifier: MIT */
/* Commands over a local socket: what is asked and answered, and peers that misbehave. */

#include "support.h"

static void what_is_asked_is_answered(void **state)
{
    struct served served = serve_start(*state);
    json_t *request = json_pack("{s:s,s:I}", "do", "echo", "n", (json_int_t)INT64_MAX);
    json_t *reply = NULL;

    assert_int_equal(wf_control_ask(served.folder, "alert-main", request, 5000, &reply, NULL), 0);
    assert_true(json_is_true(json_object_get(reply, "ok")));
    assert_true(json_equal(json_object_get(reply, "request"), request));
    json_decref(reply);
    json_decref(request);
    serve_stop(&served);
}

static void the_system_says_who_asks(void **state)
{
    struct served served = serve_start(*state);
    json_t *reply = ask(&served, "{\"do\":\"echo\",\"uid\":12345,\"user\":\"somebody\"}", 0);

    assert_int_equal(json_integer_value(json_object_get(reply, "uid")), geteuid());
    assert_int_equal(json_integer_value(json_object_get(reply, "pid")), getpid());
    assert_true(strlen(json_string_value(json_object_get(reply, "user"))) > 0);
    json_decref(reply);
    serve_stop(&served);
}

static void a_refusal_carries_code_sentence_and_more(void **state)
{
    struct served served = serve_start(*state);
    json_t *request = json_pack("{s:s}", "do", "refuse");
    json_t *reply = NULL;
    struct wf_err err = { 0 };

    assert_int_equal(wf_control_ask(served.folder, "alert-main", request, 5000, &reply, &err),
                     WF_ERR_BUSY);
    assert_string_equal(err.text, "there is a newer transition");
    assert_int_equal(json_integer_value(json_object_get(reply, "seq")), 7);
    json_decref(reply);
    json_decref(request);
    serve_stop(&served);
}

static void nobody_there_says_what_to_start(void **state)
{
    struct tmp_folder *tmp = *state;
    json_t *request = json_pack("{s:s}", "do", "echo");
    struct wf_err err = { 0 };

    assert_int_equal(wf_control_ask(tmp->path, "alert-main", request, 1000, NULL, &err),
                     WF_ERR_ABSENT);
    assert_non_null(strstr(err.text, "wf-alert is not running"));
    assert_int_equal(wf_control_ask("/nowhere/at/all", "alert-main", request, 1000, NULL, &err),
                     WF_ERR_ABSENT);
    json_decref(request);
}

static void no_answer_in_time_is_told(void **state)
{
    struct served served = serve_start(*state);
    json_t *request = json_pack("{s:s}", "do", "never");
    struct wf_err err = { 0 };

    assert_int_equal(wf_control_ask(served.folder, "alert-main", request, 50, NULL, &err),
                     WF_ERR_BUSY);
    assert_non_null(strstr(err.text, "no answer in time"));
    json_decref(request);
    serve_stop(&served);
}

static void a_second_program_of_the_name_is_refused(void **state)
{
    struct served served = serve_start(*state);
    struct wf_control_options options = { .folder = served.folder, .name = "alert-main" };
    struct wf_control_server *second = NULL;
    struct wf_err err = { 0 };
    uv_loop_t loop;

    (void)uv_loop_init(&loop);
    assert_int_equal(wf_control_listen(&loop, &options, &second, &err), WF_ERR_BUSY);
    assert_null(second);
    assert_int_equal(uv_loop_close(&loop), 0);
    json_decref(ask(&served, "{\"do\":\"echo\"}", 0)); /* the first one is still there */
    serve_stop(&served);
}

static void what_a_dead_program_left_is_replaced(void **state)
{
    struct tmp_folder *tmp = *state;
    char *path = tmp_folder_path(tmp, "alert-main.sock");
    struct served served;

    leave_stale_socket(path);
    assert_int_equal(access(path, F_OK), 0);
    served = serve_start(tmp);
    json_decref(ask(&served, "{\"do\":\"echo\"}", 0));
    serve_stop(&served);
    assert_int_equal(access(path, F_OK), -1); /* an orderly end leaves nothing */
    free(path);
}

static void a_file_in_the_way_is_left_alone(void **state)
{
    struct tmp_folder *tmp = *state;
    struct wf_control_options options = { .folder = tmp->path, .name = "alert-main" };
    struct wf_control_server *server = NULL;
    char *path = tmp_folder_path(tmp, "alert-main.sock");
    struct wf_err err = { 0 };
    uv_loop_t loop;

    tmp_folder_write(tmp, "alert-main.sock", "precious");
    (void)uv_loop_init(&loop);
    assert_int_equal(wf_control_listen(&loop, &options, &server, &err), WF_ERR_EXISTS);
    assert_non_null(strstr(err.text, "not a socket"));
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    free(path);
}

static void only_the_owner_may_connect_unless_a_group_is_named(void **state)
{
    struct served served = serve_start(*state);
    char *path = tmp_folder_path(*state, "alert-main.sock");
    struct stat status;

    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    free(path);
    serve_stop(&served);
}

static void a_group_may_connect_and_a_wrong_one_is_told(void **state)
{
    struct tmp_folder *tmp = *state;
    char gid[24];
    struct wf_control_options options = { .folder = tmp->path, .name = "x", .group = gid };
    struct wf_control_server *server = NULL;
    char *path = tmp_folder_path(tmp, "x.sock");
    struct wf_err err = { 0 };
    struct stat status;
    uv_loop_t loop;

    (void)snprintf(gid, sizeof(gid), "%u", (unsigned)getegid());
    (void)uv_loop_init(&loop);
    assert_int_equal(wf_control_listen(&loop, &options, &server, NULL), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0660);
    assert_int_equal(status.st_gid, getegid());
    wf_control_close(&server);

    options.group = "no-such-group-here";
    assert_int_equal(wf_control_listen(&loop, &options, &server, &err), WF_ERR_INVALID);
    assert_non_null(strstr(err.text, "no-such-group-here"));
    assert_int_equal(access(path, F_OK), -1);
    (void)uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    free(path);
}

static void folders_deeper_than_an_address_work(void **state)
{
    struct tmp_folder *tmp = *state;
    struct tmp_folder deep = *tmp;
    struct served served;

    for (int i = 0; i < 8; i++)
        (void)strncat(deep.path, "/a-folder-with-a-long-name", 27);
    served = serve_start(&deep);
    json_decref(ask(&served, "{\"do\":\"echo\"}", 0));
    serve_stop(&served);
}

static void note_name(void *context, const char *name)
{
    (void)strncat(context, name, 32);
    (void)strncat(context, " ", 2);
}

static void the_sockets_of_a_folder_are_listed_by_name(void **state)
{
    struct tmp_folder *tmp = *state;
    char names[256] = "";

    tmp_folder_write(tmp, "alert-b.sock", "");
    tmp_folder_write(tmp, "alert-a.sock", "");
    tmp_folder_write(tmp, "alert-a.lock", "");
    tmp_folder_write(tmp, "notify.sock", "");
    tmp_folder_write(tmp, "alert-BAD NAME.sock", "");
    assert_int_equal(wf_control_list(tmp->path, "alert-", note_name, names, NULL), 0);
    assert_string_equal(names, "alert-a alert-b ");
    assert_int_equal(wf_control_list("/nowhere/at/all", "", note_name, names, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_asked_is_answered),
        TEST(the_system_says_who_asks),
        TEST(a_refusal_carries_code_sentence_and_more),
        TEST(nobody_there_says_what_to_start),
        TEST(no_answer_in_time_is_told),
        TEST(a_second_program_of_the_name_is_refused),
        TEST(what_a_dead_program_left_is_replaced),
        TEST(a_file_in_the_way_is_left_alone),
        TEST(only_the_owner_may_connect_unless_a_group_is_named),
        TEST(a_group_may_connect_and_a_wrong_one_is_told),
        TEST(folders_deeper_than_an_address_work),
        TEST(the_sockets_of_a_folder_are_listed_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
