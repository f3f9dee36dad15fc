// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "guest-shim/filter-walk.h"
#include "guest-shim/firewall-load.h"
#include "guest-shim/iptables-save.h"
#include "guest-shim/nft-json.h"

/* Rules for tests: transcripts of tests/data/nft, and text that stands in the test. */

static inline void
add_nft(PstFilterRules *rules, const char *text)
{
    g_autoptr(GError) error = NULL;

    pst_nft_json_read(text, strlen(text), rules, &error);
    g_assert_no_error(error);
}

static inline void
add_save(PstFilterRules *rules, const char *text, const char *source, const char *family)
{
    g_autoptr(GError) error = NULL;

    pst_iptables_save_read(text, strlen(text), source, family, rules, &error);
    g_assert_no_error(error);
}

static inline char *
read_transcript(const char *name)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "nft", name, NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

/* NAME.json, and where it is there NAME.save over it. */
static inline PstFilterRules *
load_transcript(const char *name)
{
    PstFilterRules *rules = pst_filter_rules_new();
    g_autofree char *json_name = g_strconcat(name, ".json", NULL);
    g_autofree char *save_name = g_strconcat(name, ".save", NULL);
    g_autofree char *save = g_test_build_filename(G_TEST_DIST, "data", "nft", save_name, NULL);
    g_autofree char *json = read_transcript(json_name);

    add_nft(rules, json);
    if (g_file_test(save, G_FILE_TEST_EXISTS)) {
        g_autofree char *text = read_transcript(save_name);
        g_autoptr(PstFilterRules) said = pst_filter_rules_new();

        add_save(said, text, "nftables", "ip");
        pst_firewall_load_overlay(rules, said);
    }
    return rules;
}

/* A ruleset of one input chain of table inet t with these rules, each a list of statements;
 * SETS are elements before it, each with a comma behind it. */
static inline char *
one_chain(const char *policy, const char *sets, const char *const *rules)
{
    GString *text = g_string_new("{\"nftables\": [{\"table\": {\"family\": \"inet\", \"name\": "
                                 "\"t\", \"handle\": 1}}, ");

    g_string_append_printf(
        text,
        "%s{\"chain\": {\"family\": \"inet\", \"table\": \"t\", \"name\": \"input\", "
        "\"handle\": 1, \"type\": \"filter\", \"hook\": \"input\", \"prio\": 0, "
        "\"policy\": \"%s\"}}",
        sets, policy);
    for (guint i = 0; rules[i] != NULL; i++)
        g_string_append_printf(text,
                               ", {\"rule\": {\"family\": \"inet\", \"table\": \"t\", \"chain\": "
                               "\"input\", \"handle\": %u, \"expr\": [%s]}}",
                               10 + i, rules[i]);
    g_string_append(text, "]}");
    return g_string_free(text, FALSE);
}
