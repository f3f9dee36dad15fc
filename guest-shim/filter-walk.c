// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/filter-walk.h"

#include <string.h>

#define MAX_DEPTH 16      /* NFT_JUMP_STACK_SIZE of the kernel's nf_tables.h */
#define MAX_RULES 500000u /* that are looked at for one question */
#define TRACKING -200     /* NF_IP_PRI_CONNTRACK of linux/netfilter_ipv4.h */
#define N_KINDS (PST_FILTER_ELSEWHERE + 1)

const char *const pst_filter_walk_decision_names[] = {"accept",  "drop",    "reject",
                                                      "depends", "unknown", NULL};

typedef struct {
    PstFilterPacket *packet;
    PstFilterLookup lookup;
    gpointer data;
    const PstFilterRule *without;
    guint rules_left;
    const PstFilterTable *table;
    const char *opaque; /* the first thing that a way depended on and that is not modelled */
    gboolean possible[N_KINDS];
    PstFilterPlace places[N_KINDS];
    guint reasons; /* of all verdicts so far */
    guint n_verdicts;
} Walk;

/* What holds at one point of the way: whether the packet may be here, and on what it depends. */
typedef struct {
    gboolean here;
    gboolean returned; /* it may have left the chain by a return */
    guint reasons;
} Flow;

void
pst_filter_walk_clear(PstFilterResult *result)
{
    g_free(result->unmodelled);
}

static PstFilterTruth
invert(PstFilterTruth truth)
{
    return (PstFilterTruth)(PST_FILTER_YES - truth);
}

static void
note_opaque(Walk *walk, const char *what)
{
    if (walk->opaque == NULL)
        walk->opaque = what != NULL ? what : "something";
}

static PstFilterTruth
match_element(const Walk *walk, const PstFilterStep *step, const PstFilterElement *element,
              guint *reasons)
{
    PstFilterTruth truth = PST_FILTER_YES;

    for (guint i = 0; i < step->n_keys && truth != PST_FILTER_NO; i++) {
        PstFilterKey key = step->keys[i];
        const PstFilterRange *range = &element->ranges[i];
        PstFilterTruth one = step->mask != 0
                                 ? pst_filter_packet_masked(walk->packet, key, step->mask, range)
                                 : pst_filter_packet_in(walk->packet, key, range);

        if (one == PST_FILTER_MAYBE)
            *reasons |= pst_filter_packet_reason(key);
        truth = MIN(truth, one);
    }
    return truth;
}

/* The step's keys as one element of a set, "10.0.0.1 . 22"; NULL where one is not known, with what
 * it depends on. */
static char *
element_text(const Walk *walk, const PstFilterStep *step, guint *reasons)
{
    g_autoptr(GString) text = g_string_new(NULL);
    gboolean known = TRUE;

    for (guint i = 0; i < step->n_keys; i++) {
        g_autofree char *word = pst_filter_packet_word(walk->packet, step->keys[i]);

        if (word == NULL)
            *reasons |= pst_filter_packet_reason(step->keys[i]);
        known = known && word != NULL;
        g_string_append_printf(text, "%s%s", i > 0 ? " . " : "", word != NULL ? word : "");
    }
    return known ? g_string_free(g_steal_pointer(&text), FALSE) : NULL;
}

static PstFilterTruth
match_set(Walk *walk, const PstFilterStep *step, PstFilterVerdict *verdict, guint *reasons)
{
    g_autofree char *element = element_text(walk, step, reasons);
    PstFilterTruth truth = PST_FILTER_MAYBE;

    if (element != NULL && walk->lookup != NULL)
        truth = walk->lookup(walk->table, step, element, verdict, walk->data);
    if (element != NULL && truth == PST_FILTER_MAYBE) {
        *reasons |= PST_FILTER_BY_SET;
        note_opaque(walk, step->set);
    }
    return truth;
}

static gboolean
has_keys(const Walk *walk, const PstFilterStep *step)
{
    for (guint i = 0; i < step->n_keys; i++)
        if (!pst_filter_packet_has(walk->packet, step->keys[i]))
            return FALSE;
    return TRUE;
}

static gboolean
is_opaque(const PstFilterStep *step)
{
    for (guint i = 0; i < step->n_keys; i++)
        if (step->keys[i] >= PST_FILTER_OPAQUE)
            return TRUE;
    return step->n_keys == 0;
}

static PstFilterTruth
match_elements(const Walk *walk, const PstFilterStep *step, guint *reasons)
{
    PstFilterTruth truth = PST_FILTER_NO;

    for (guint i = 0; step->elements != NULL && i < step->elements->len; i++) {
        truth = MAX(truth, match_element(walk, step, step->elements->pdata[i], reasons));
        if (truth == PST_FILTER_YES)
            break;
    }
    return truth;
}

static PstFilterTruth
match_step(Walk *walk, const PstFilterStep *step, guint *reasons)
{
    PstFilterTruth truth;
    guint seen = 0;

    if (is_opaque(step)) {
        note_opaque(walk, step->what);
        *reasons |= PST_FILTER_BY_OPAQUE;
        return PST_FILTER_MAYBE;
    }
    /* What a packet does not have it has neither with nor without a negation. */
    if (!has_keys(walk, step))
        return PST_FILTER_NO;
    if (step->any_bit)
        truth = pst_filter_packet_masked(walk->packet, step->keys[0], step->mask, NULL);
    else if (step->set != NULL)
        truth = match_set(walk, step, NULL, &seen);
    else
        truth = match_elements(walk, step, &seen);
    if (truth == PST_FILTER_MAYBE)
        *reasons |= seen != 0 ? seen : pst_filter_packet_reason(step->keys[0]);
    return step->negated ? invert(truth) : truth;
}

static void
record(Walk *walk, PstFilterVerdictKind kind, const PstFilterPlace *place, guint reasons)
{
    if (!walk->possible[kind])
        walk->places[kind] = *place;
    walk->possible[kind] = TRUE;
    walk->reasons |= reasons;
    walk->n_verdicts++;
}

static void
give_up(Walk *walk, const PstFilterPlace *place, const char *why)
{
    note_opaque(walk, why);
    record(walk, PST_FILTER_ELSEWHERE, place, PST_FILTER_BY_OPAQUE);
}

static Flow walk_chain(Walk *walk, const PstFilterChain *chain, guint reasons, guint depth);

/* The called chain's way, which may come back behind the rule, or behind the whole chain for a
 * goto. */
static void
follow(Walk *walk, const PstFilterVerdict *verdict, const PstFilterPlace *place, gboolean certain,
       guint reasons, guint depth, Flow *flow)
{
    const PstFilterChain *target = pst_filter_rules_find_chain(walk->table, verdict->target);
    guint before = walk->n_verdicts;
    Flow called = {FALSE, FALSE, reasons};

    if (target == NULL || depth >= MAX_DEPTH)
        give_up(walk, place,
                target == NULL ? "a jump to a chain that is not there"
                               : "jumps deeper than a kernel takes them");
    else
        called = walk_chain(walk, target, reasons, depth + 1);

    gboolean comes_back = called.here || called.returned;
    flow->returned |= verdict->kind == PST_FILTER_GOTO && comes_back;
    if (certain)
        flow->here = verdict->kind == PST_FILTER_JUMP && comes_back;
    if (walk->n_verdicts > before || verdict->kind == PST_FILTER_GOTO)
        flow->reasons |= called.reasons;
}

static void
obey(Walk *walk, const PstFilterVerdict *verdict, const PstFilterPlace *place, gboolean certain,
     guint reasons, guint depth, Flow *flow)
{
    switch (verdict->kind) {
    case PST_FILTER_CONTINUE:
        return;
    case PST_FILTER_JUMP:
    case PST_FILTER_GOTO:
        follow(walk, verdict, place, certain, reasons, depth, flow);
        return;
    case PST_FILTER_RETURN:
        flow->returned = TRUE;
        break;
    case PST_FILTER_ELSEWHERE:
        note_opaque(walk, verdict->target);
        record(walk, PST_FILTER_ELSEWHERE, place, reasons | PST_FILTER_BY_OPAQUE);
        break;
    default:
        record(walk, verdict->kind, place, reasons);
        break;
    }
    flow->here = !certain;
    flow->reasons |= reasons;
}

/* A map of verdicts: each element that may match is a way of its own. */
static void
obey_map(Walk *walk, const PstFilterStep *step, const PstFilterPlace *place, gboolean certain,
         guint reasons, guint depth, Flow *flow)
{
    if (is_opaque(step)) {
        give_up(walk, place, step->what);
        return;
    }
    if (step->set != NULL && has_keys(walk, step)) {
        PstFilterVerdict verdict = {PST_FILTER_ELSEWHERE, NULL};
        guint seen = 0;
        PstFilterTruth truth = match_set(walk, step, &verdict, &seen);

        if (truth == PST_FILTER_MAYBE)
            verdict.kind = PST_FILTER_ELSEWHERE;
        if (verdict.kind == PST_FILTER_ELSEWHERE)
            note_opaque(walk, step->set);
        if (truth != PST_FILTER_NO)
            obey(walk, &verdict, place, certain && truth == PST_FILTER_YES, reasons | seen, depth,
                 flow);
        g_free(verdict.target);
        return;
    }
    for (guint i = 0; step->elements != NULL && flow->here && i < step->elements->len; i++) {
        const PstFilterElement *element = step->elements->pdata[i];
        guint seen = 0;
        PstFilterTruth truth = match_element(walk, step, element, &seen);

        if (truth != PST_FILTER_NO)
            obey(walk, &element->verdict, place, certain && truth == PST_FILTER_YES, reasons | seen,
                 depth, flow);
    }
}

static void
walk_rule(Walk *walk, const PstFilterPlace *place, guint depth, Flow *flow)
{
    const GPtrArray *steps = place->rule->steps;
    guint reasons = flow->reasons;
    gboolean certain = TRUE;

    for (guint i = 0; i < steps->len; i++) {
        const PstFilterStep *step = steps->pdata[i];
        PstFilterTruth truth = PST_FILTER_YES;

        switch (step->kind) {
        case PST_FILTER_MATCH:
            truth = match_step(walk, step, &reasons);
            break;
        case PST_FILTER_RATE:
            truth = PST_FILTER_MAYBE;
            reasons |= PST_FILTER_BY_RATE;
            break;
        case PST_FILTER_NOTRACK:
            pst_filter_packet_untrack(walk->packet, certain && flow->reasons == 0);
            break;
        case PST_FILTER_MAP:
            obey_map(walk, step, place, certain, reasons, depth, flow);
            return;
        case PST_FILTER_VERDICT:
            obey(walk, &step->verdict, place, certain, reasons, depth, flow);
            return;
        }
        if (truth == PST_FILTER_NO)
            return;
        certain = certain && truth == PST_FILTER_YES;
    }
}

static Flow
walk_chain(Walk *walk, const PstFilterChain *chain, guint reasons, guint depth)
{
    Flow flow = {TRUE, FALSE, reasons};

    for (guint i = 0; flow.here && i < chain->rules->len; i++) {
        const PstFilterPlace place = {walk->table, chain, chain->rules->pdata[i]};

        if (place.rule == walk->without)
            continue;
        if (walk->rules_left == 0) {
            give_up(walk, &place, "too many rules");
            return (Flow){FALSE, FALSE, flow.reasons};
        }
        walk->rules_left--;
        walk_rule(walk, &place, depth, &flow);
    }
    return flow;
}

static void
walk_base(Walk *walk, const PstFilterTable *table, const PstFilterChain *chain)
{
    const PstFilterPlace policy = {table, chain, NULL};

    walk->table = table;
    walk->packet->early = chain->hook == PST_FILTER_HOOK_INGRESS ||
                          (chain->priority < TRACKING && chain->hook != PST_FILTER_HOOK_INPUT);
    Flow flow = walk_chain(walk, chain, 0, 0);
    /* nft 1.0.6 does not say which device an ingress chain is for. */
    if (chain->hook == PST_FILTER_HOOK_INGRESS && chain->devices == NULL)
        record(walk, PST_FILTER_ACCEPT, &policy, PST_FILTER_BY_INTERFACE);
    if (flow.here || flow.returned)
        record(walk, chain->policy_drops ? PST_FILTER_DROP : PST_FILTER_ACCEPT, &policy,
               flow.reasons);
}

gboolean
pst_filter_walk_concerns(const PstFilterTable *table, gboolean six)
{
    return g_str_equal(table->family, six ? "ip6" : "ip") || g_str_equal(table->family, "inet") ||
           g_str_equal(table->family, "netdev");
}

static gboolean
sees(const PstFilterTable *table, const PstFilterChain *chain, const Walk *walk)
{
    const PstFilterHook in[] = {PST_FILTER_HOOK_INGRESS, PST_FILTER_HOOK_PREROUTING,
                                PST_FILTER_HOOK_INPUT};
    const PstFilterHook out[] = {PST_FILTER_HOOK_OUTPUT, PST_FILTER_HOOK_POSTROUTING};
    gboolean reply = walk->packet->reply;
    gboolean hooked = FALSE;

    for (guint i = 0; i < (reply ? G_N_ELEMENTS(out) : G_N_ELEMENTS(in)); i++)
        hooked |= chain->hook == (reply ? out[i] : in[i]);
    /* Only the first packet of a connection meets a nat chain. */
    if (!hooked || (!walk->packet->first && g_strcmp0(chain->type, "nat") == 0))
        return FALSE;
    for (guint i = 0; chain->devices != NULL && chain->devices[i] != NULL; i++) {
        const PstFilterRange device = {.name = chain->devices[i]};

        if (pst_filter_packet_in(walk->packet, PST_FILTER_IIF, &device) != PST_FILTER_NO)
            return TRUE;
    }
    return chain->devices == NULL && pst_filter_walk_concerns(table, walk->packet->six);
}

static int
compare_places(gconstpointer a, gconstpointer b)
{
    const PstFilterPlace *one = a, *other = b;

    if (one->chain->hook != other->chain->hook)
        return one->chain->hook < other->chain->hook ? -1 : 1;
    return one->chain->priority < other->chain->priority   ? -1
           : one->chain->priority > other->chain->priority ? 1
                                                           : 0;
}

/* The base chains that see the packet, in the order in which they do. Of two with one priority the
 * kernel has put the later one first (nf_hook_entries_grow() of net/netfilter/core.c); nft lists
 * them in the order of their making. */
static GArray *
base_chains(const PstFilterRules *rules, const Walk *walk)
{
    GArray *places = g_array_new(FALSE, FALSE, sizeof(PstFilterPlace));

    for (guint i = 0; i < rules->tables->len; i++) {
        const PstFilterTable *table = rules->tables->pdata[i];

        for (guint j = 0; j < table->chains->len; j++) {
            const PstFilterPlace place = {table, table->chains->pdata[j], NULL};

            if (sees(table, place.chain, walk))
                g_array_prepend_val(places, place);
        }
    }
    g_array_sort(places, compare_places); /* stable */
    return places;
}

static gboolean
may_deny(const Walk *walk)
{
    return walk->possible[PST_FILTER_DROP] || walk->possible[PST_FILTER_REJECT];
}

/* Of a possible drop and a possible reject the one that is met first. */
static PstFilterVerdictKind
denial(const Walk *walk)
{
    return walk->possible[PST_FILTER_DROP] ? PST_FILTER_DROP : PST_FILTER_REJECT;
}

/* The acceptance that says most: a rule rather than a policy, and the later one. */
static void
remember_accept(Walk *total, const Walk *walk)
{
    const PstFilterPlace *place = &walk->places[PST_FILTER_ACCEPT];

    if (total->places[PST_FILTER_ACCEPT].chain == NULL || place->rule != NULL ||
        total->places[PST_FILTER_ACCEPT].rule == NULL)
        total->places[PST_FILTER_ACCEPT] = *place;
}

/* Adds what one base chain may do; FALSE where no packet comes past it. */
static gboolean
add_base(Walk *total, const Walk *walk)
{
    gboolean passes = walk->possible[PST_FILTER_ACCEPT];

    for (guint kind = 0; kind < N_KINDS; kind++) {
        if (!walk->possible[kind] || kind == PST_FILTER_ACCEPT)
            continue;
        if (!total->possible[kind] || (!passes && kind != PST_FILTER_ELSEWHERE))
            total->places[kind] = walk->places[kind];
        total->possible[kind] = TRUE;
    }
    if (passes)
        remember_accept(total, walk);
    total->possible[PST_FILTER_ACCEPT] = passes;
    if (may_deny(walk) || walk->possible[PST_FILTER_ELSEWHERE]) {
        total->reasons |= walk->reasons;
        note_opaque(total, walk->opaque);
    }
    return passes;
}

static void
conclude(const Walk *total, PstFilterResult *result)
{
    const guint unjudged = PST_FILTER_BY_OPAQUE | PST_FILTER_BY_SET;
    gboolean accepts = total->possible[PST_FILTER_ACCEPT];
    PstFilterVerdictKind denies = denial(total);

    result->reasons = total->reasons;
    result->allowed = total->places[PST_FILTER_ACCEPT];
    result->place = total->places[denies];
    if (total->possible[PST_FILTER_ELSEWHERE]) {
        result->decision = PST_FILTER_UNKNOWN;
        result->place = total->places[PST_FILTER_ELSEWHERE];
    } else if (!accepts) {
        result->decision =
            denies == PST_FILTER_REJECT ? PST_FILTER_IS_REJECTED : PST_FILTER_IS_DROPPED;
    } else if (!may_deny(total)) {
        result->decision = PST_FILTER_IS_ACCEPTED;
        result->place = result->allowed;
    } else {
        result->decision =
            (total->reasons & unjudged) != 0 ? PST_FILTER_UNKNOWN : PST_FILTER_DEPENDS;
    }
    if (result->decision == PST_FILTER_UNKNOWN)
        result->unmodelled = g_strdup(total->opaque);
    if (result->decision < PST_FILTER_DEPENDS)
        result->reasons = 0;
}

void
pst_filter_walk(const PstFilterRules *rules, const PstFilterQuestion *question,
                PstFilterLookup lookup, gpointer data, const PstFilterRule *without,
                PstFilterResult *result)
{
    g_autoptr(PstFilterPacket) packet = pst_filter_packet_new(question);
    Walk total = {.packet = packet, .possible = {[PST_FILTER_ACCEPT] = TRUE}};
    guint rules_left = MAX_RULES;

    memset(result, 0, sizeof(*result));
    if (packet == NULL) {
        result->decision = PST_FILTER_UNKNOWN;
        result->unmodelled = g_strdup("an address of another family");
        return;
    }
    g_autoptr(GArray) places = base_chains(rules, &total);
    for (guint i = 0; i < places->len; i++) {
        const PstFilterPlace *place = &g_array_index(places, PstFilterPlace, i);
        Walk walk = {.packet = packet,
                     .lookup = lookup,
                     .data = data,
                     .without = without,
                     .rules_left = rules_left};

        walk_base(&walk, place->table, place->chain);
        rules_left = walk.rules_left;
        if (!add_base(&total, &walk))
            break;
    }
    conclude(&total, result);
}
