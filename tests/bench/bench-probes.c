// SPDX-License-Identifier: LGPL-2.1-or-later
/* bench-probes GUEST USER ROUNDS: the questions of a diagnosis for USER, each asked alone, one
 * after the other over one open channel, and then all of them together as `postern diagnose` asks;
 * so often in turn. Prints one JSON object: the probes in their order, of each and of the whole how
 * long it took, by round. */
#include <stdio.h>

#include "host-sidecar/guest-channel.h"
#include "host-sidecar/diagnose.h"
#include "protocol/call.h"
#include "protocol/json.h"
#include "tests/bench/bench-guest.h"

#define LIMIT_US (60 * G_USEC_PER_SEC)

typedef struct {
    PstHypervisor *hypervisor;
    const char *name; /* of the guest */
    PstDiagnoseWish wish;
} Bench;

static void
free_questions(PstAnswer **questions, guint n)
{
    for (guint i = 0; i < n; i++)
        pst_answer_free(questions[i]);
    g_free(questions);
}

static gint64
ask_alone(PstChannel *channel, const PstAnswer *question)
{
    gint64 start_us = g_get_monotonic_time(), until_us = start_us + LIMIT_US;
    const PstCall call = {.name = question->probe,
                          .args = question->args,
                          .caller = "bench",
                          .not_after_us = pst_channel_guest_time_us(channel, until_us)};
    g_autoptr(JsonObject) params = pst_call_params(&call);
    g_autoptr(GError) error = NULL;
    g_autoptr(PstMessage) answer = NULL;
    gint64 number = pst_channel_request(channel, "probe", params, &error);

    if (number < 0 || pst_channel_wait(channel, &number, 1, until_us, &answer, &error) < 0)
        pst_bench_die(question->probe, error);
    if (answer->type != PST_MESSAGE_RESULT)
        pst_bench_die(question->probe, answer->error);
    return g_get_monotonic_time() - start_us;
}

/* Each probe's time goes to the end of its row in TIMES; the rows, and the names of the probes, are
 * made in the first round. */
static void
measure_alone(const Bench *bench, JsonArray *names, JsonArray *times)
{
    guint n = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(PstGuest) guest = pst_bench_guest_open(bench->hypervisor, bench->name);
    g_autoptr(PstChannel) channel =
        pst_guest_channel_open(guest, g_get_monotonic_time() + LIMIT_US, &error);
    PstAnswer **questions = pst_diagnose_questions(bench->name, &bench->wish, &n);

    if (channel == NULL)
        pst_bench_die(bench->name, error);
    for (guint i = 0; i < n; i++) {
        if (json_array_get_length(names) == i) {
            json_array_add_string_element(names, questions[i]->probe);
            json_array_add_array_element(times, json_array_new());
        }
        json_array_add_int_element(json_array_get_array_element(times, i),
                                   ask_alone(channel, questions[i]));
    }
    free_questions(questions, n);
}

static gint64
measure_whole(const Bench *bench)
{
    guint n = 0;
    gint64 start_us = g_get_monotonic_time();
    g_autoptr(PstGuest) guest = pst_bench_guest_open(bench->hypervisor, bench->name);
    PstAnswer **questions = pst_diagnose_questions(bench->name, &bench->wish, &n);
    PstAnswer **answers = pst_ladder_ask(&pst_guest_ladder, guest, questions, n, "bench",
                                         start_us + LIMIT_US, NULL, NULL);
    gint64 took_us = g_get_monotonic_time() - start_us;

    for (guint i = 0; i < n; i++)
        if (answers[i]->report == NULL || answers[i]->via != PST_VIA_CHANNEL)
            pst_bench_die(answers[i]->probe, answers[i]->error);
    free_questions(answers, n);
    return took_us;
}

int
main(int argc, char **argv)
{
    g_autoptr(PstHypervisor) hypervisor = pst_hypervisor_new(NULL);
    g_autoptr(JsonObject) vantage = json_object_new();
    g_autoptr(JsonObject) json = json_object_new();
    JsonArray *names = json_array_new(), *alone = json_array_new(), *whole = json_array_new();

    if (argc != 4) {
        fprintf(stderr, "usage: bench-probes GUEST USER ROUNDS\n");
        return 64;
    }
    json_object_set_string_member(vantage, "user", argv[2]);
    const Bench bench = {hypervisor, argv[1], {.vantage = vantage}};
    for (int i = pst_bench_number(argv[3]); i > 0; i--) {
        measure_alone(&bench, names, alone);
        json_array_add_int_element(whole, measure_whole(&bench));
    }
    json_object_set_array_member(json, "probes", names);
    json_object_set_array_member(json, "alone_us", alone);
    json_object_set_array_member(json, "whole_us", whole);
    g_autofree char *text = pst_json_to_text(json, NULL);
    puts(text);
    return 0;
}
