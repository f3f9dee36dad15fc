// SPDX-License-Identifier: LGPL-2.1-or-later
#include "guest-shim/pam-stack.h"

#include <string.h>

#include "guest-shim/pam-line.h"
#include "protocol/error.h"

#define MAX_FILE (256 * 1024)
#define MAX_DEPTH 32 /* libpam follows includes until its stack overflows */
#define MAX_LINES 2000
#define MAX_READ 500 /* files, each as often as it is included */
#define ANY_PHASE PST_PAM_N_PHASES

const char *const pst_pam_stack_phase_names[] = {"auth", "account", "password", "session", NULL};

/* The first that has the file is taken; the last one is SUSE's. */
static const char *const folders[] = {"/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"};

typedef struct {
    const PstSysroot *sysroot;
    PstPamStack *stack;   /* that the lines go to */
    PstPamMemory *memory; /* of the modules */
    guint n_lines;
    guint n_read;
} Reader;

typedef enum { LOADED, NOT_THERE, NOT_LOOKED } Loaded;

static Loaded load_file(Reader *reader, const char *name, PstPamPhase phase, guint level,
                        guint depth, char **found);

static void
line_free(gpointer data)
{
    PstPamLine *line = data;

    g_free(line->file);
    g_free(line->text);
    g_free(line->fault);
    g_free(line->module);
    g_free(line->path);
    g_free(line->args);
    g_free(line->reason);
    g_free(line);
}

static PstPamLine *
add_line(Reader *reader, PstPamPhase phase, const char *file, guint number, const char *text)
{
    PstPamLine *line = g_new0(PstPamLine, 1);

    line->file = g_strdup(file);
    line->line = number;
    line->text = g_strstrip(g_strdup(text));
    g_ptr_array_add(reader->stack->lines[phase], line);
    reader->n_lines++;
    return line;
}

static PstPamLine *
add_faulty(Reader *reader, PstPamPhase phase, const char *file, guint number, const char *text,
           guint level, const char *fault)
{
    PstPamLine *line = add_line(reader, phase, file, number, text);

    line->must_fail = TRUE;
    line->level = level;
    line->fault = g_strdup(fault);
    pst_pam_line_fill(line->actions, PST_PAM_DO_BAD);
    return line;
}

static void
add_module(Reader *reader, const PstPamWords *words, const char *file, guint number,
           const char *text, guint level)
{
    PstPamLine *line = add_line(reader, words->phase, file, number, text);

    line->level = level;
    line->module = g_strdup(words->target);
    line->args = g_strdup(words->args);
    line->path = g_strdup(pst_pam_module_recall_path(reader->memory, words->target));
    line->state = pst_pam_module_recall(reader->memory, line->path, &line->reason);
    memcpy(line->actions, words->actions, sizeof(line->actions));
}

static void
abort_at(PstPamStack *stack, PstPamAbort kind, const char *file, guint number, const char *reason)
{
    if (stack->aborts)
        return;
    stack->aborts = TRUE;
    stack->abort_kind = kind;
    stack->abort_file = g_strdup(file);
    stack->abort_line = number;
    stack->abort_reason = g_strdup(reason);
}

/* What the line at FILE:NUMBER includes. */
static Loaded
load_included(Reader *reader, const char *target, const char *file, guint number, PstPamPhase phase,
              guint level, guint depth)
{
    if (depth < MAX_DEPTH)
        return load_file(reader, target, phase, level, depth + 1, NULL);
    abort_at(reader->stack, PST_PAM_ABORT_LOOP, file, number,
             "files include each other without end");
    return NOT_LOOKED;
}

static void
add_include(Reader *reader, const PstPamWords *words, const char *file, guint number,
            const char *text, guint level, guint depth)
{
    gboolean substack = words->kind == PST_PAM_LINE_SUBSTACK;

    if (substack) {
        PstPamLine *line = add_line(reader, words->phase, file, number, text);
        line->substack = TRUE;
        line->level = level;
    }
    Loaded loaded = load_included(reader, words->target, file, number, words->phase,
                                  level + (substack ? 1 : 0), depth);
    if (loaded == NOT_THERE) {
        g_autofree char *fault =
            g_strdup_printf("it includes %s, which is not there", words->target);
        add_faulty(reader, words->phase, file, number, text, level, fault)->no_include = TRUE;
    }
}

/* One logical line; PHASE is the only one wanted, or ANY_PHASE. */
static void
take_line(Reader *reader, const char *file, guint number, const char *text, PstPamPhase phase,
          guint level, guint depth)
{
    g_autoptr(PstPamWords) words = pst_pam_line_parse(text);
    gboolean wanted = phase == ANY_PHASE || words->phase == phase;

    /* What a file includes twice, and itself too, would grow without end. */
    if (reader->n_lines >= MAX_LINES || reader->stack->aborts || reader->n_read > MAX_READ)
        return;
    switch (words->kind) {
    case PST_PAM_LINE_EMPTY:
    case PST_PAM_LINE_PASSED_OVER:
        return;
    case PST_PAM_LINE_INCLUDE_ALL:
        if (load_included(reader, words->target, file, number, phase, level, depth) == NOT_THERE) {
            g_autofree char *reason =
                g_strdup_printf("it includes %s, which is not there", words->target);
            abort_at(reader->stack, PST_PAM_ABORT_NO_INCLUDE, file, number, reason);
            if (reader->stack->abort_target == NULL)
                reader->stack->abort_target = g_strdup(words->target);
        }
        return;
    case PST_PAM_LINE_INCLUDE:
    case PST_PAM_LINE_SUBSTACK:
        if (wanted)
            add_include(reader, words, file, number, text, level, depth);
        return;
    case PST_PAM_LINE_MODULE:
        if (wanted)
            add_module(reader, words, file, number, text, level);
        return;
    case PST_PAM_LINE_FAULTY:
        if (wanted)
            add_faulty(reader, words->phase, file, number, text, level, words->fault);
        return;
    }
}

/* Comments end lines; a backslash at the end joins the next one. */
static void
take_text(Reader *reader, const char *file, char *text, PstPamPhase phase, guint level, guint depth)
{
    g_autoptr(GString) logical = g_string_new(NULL);
    char *rest = text, *line;
    guint first = 1;

    for (guint number = 1; (line = strsep(&rest, "\n")) != NULL; number++) {
        line[strcspn(line, "#")] = '\0';
        g_strchomp(line);
        gsize len = strlen(line);
        gboolean goes_on = len > 0 && line[len - 1] == '\\' && rest != NULL;
        if (goes_on)
            line[len - 1] = ' ';
        if (logical->len == 0)
            first = number;
        g_string_append(logical, line);
        if (goes_on)
            continue;
        if (logical->len > 0)
            take_line(reader, file, first, logical->str, phase, level, depth);
        g_string_truncate(logical, 0);
    }
}

static void
set_unlooked(PstPamStack *stack, const char *reason)
{
    stack->unlooked = TRUE;
    if (stack->unlooked_reason == NULL)
        stack->unlooked_reason = g_strdup(reason);
}

static char *
read_first(Reader *reader, const char *name, char **path, GError **error)
{
    guint n = name[0] == '/' ? 1 : G_N_ELEMENTS(folders);

    for (guint i = 0; i < n; i++) {
        g_autoptr(GError) cause = NULL;
        *path = name[0] == '/' ? g_strdup(name) : g_strconcat(folders[i], "/", name, NULL);
        char *text = pst_sysroot_read(reader->sysroot, *path, MAX_FILE, NULL, &cause);
        if (text != NULL)
            return text;
        if (cause->code != PST_ERROR_ABSENT || i + 1 == n) {
            g_propagate_error(error, g_steal_pointer(&cause));
            return NULL;
        }
        g_clear_pointer(path, g_free);
    }
    g_return_val_if_reached(NULL);
}

static Loaded
load_file(Reader *reader, const char *name, PstPamPhase phase, guint level, guint depth,
          char **found)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *path = NULL;

    if (++reader->n_read > MAX_READ) {
        set_unlooked(reader->stack, "too many files are included");
        return NOT_LOOKED;
    }
    g_autofree char *text = read_first(reader, name, &path, &cause);
    if (text == NULL && cause->code == PST_ERROR_ABSENT)
        return NOT_THERE;
    if (text == NULL) {
        set_unlooked(reader->stack, cause->message);
        return NOT_LOOKED;
    }
    take_text(reader, path, text, phase, level, depth);
    if (found != NULL)
        *found = g_steal_pointer(&path);
    return LOADED;
}

static PstPamStack *
stack_new(const char *service)
{
    PstPamStack *stack = g_new0(PstPamStack, 1);

    stack->service = g_strdup(service);
    for (guint i = 0; i < PST_PAM_N_PHASES; i++)
        stack->lines[i] = g_ptr_array_new_with_free_func(line_free);
    stack->also_loaded = g_ptr_array_new_with_free_func(line_free);
    return stack;
}

/* A phase without lines takes those of `other`, whether or not the service has a file. */
static void
fall_back(PstPamStack *stack, PstPamStack *other)
{
    for (guint i = 0; i < PST_PAM_N_PHASES; i++) {
        if (stack->lines[i]->len > 0) {
            g_ptr_array_extend_and_steal(stack->also_loaded, other->lines[i]);
            other->lines[i] = g_ptr_array_new_with_free_func(line_free);
            continue;
        }
        GPtrArray *empty = stack->lines[i];
        stack->lines[i] = other->lines[i];
        other->lines[i] = empty;
        stack->from_other[i] = TRUE;
    }
}

char *
pst_pam_stack_find(const PstSysroot *sysroot, const char *service)
{
    for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *path = g_strconcat(folders[i], "/", service, NULL);
        if (pst_sysroot_exists(sysroot, path))
            return g_steal_pointer(&path);
    }
    return NULL;
}

PstPamStack *
pst_pam_stack_read(const PstSysroot *sysroot, const char *service)
{
    g_autoptr(PstPamMemory) memory = pst_pam_module_memory_new(sysroot);

    return pst_pam_stack_read_with(sysroot, service, memory);
}

PstPamStack *
pst_pam_stack_read_with(const PstSysroot *sysroot, const char *service, PstPamMemory *memory)
{
    g_autoptr(PstPamStack) stack = stack_new(service);
    g_autoptr(PstPamStack) other = stack_new("other");
    Reader own_reader = {sysroot, stack, memory, 0, 0},
           other_reader = {sysroot, other, memory, 0, 0};

    Loaded own = load_file(&own_reader, service, ANY_PHASE, 0, 0, &stack->file);
    Loaded fallback = load_file(&other_reader, "other", ANY_PHASE, 0, 0, &other->file);
    if (own == NOT_THERE && fallback == NOT_THERE)
        abort_at(stack, PST_PAM_ABORT_NO_FILE, "/etc/pam.d", 0,
                 "neither the service nor `other` has a file");
    /* libpam reads `other` in any case, and a broken one takes every service with it. */
    if (other->aborts && !stack->aborts)
        stack->abort_target = g_strdup(other->abort_target);
    if (other->aborts)
        abort_at(stack, other->abort_kind, other->abort_file, other->abort_line,
                 other->abort_reason);
    if (other->unlooked)
        set_unlooked(stack, other->unlooked_reason);
    if (own != NOT_LOOKED)
        fall_back(stack, other);
    return g_steal_pointer(&stack);
}

void
pst_pam_stack_free(PstPamStack *stack)
{
    for (guint i = 0; i < PST_PAM_N_PHASES; i++)
        g_ptr_array_unref(stack->lines[i]);
    g_ptr_array_unref(stack->also_loaded);
    g_free(stack->service);
    g_free(stack->file);
    g_free(stack->abort_file);
    g_free(stack->abort_reason);
    g_free(stack->abort_target);
    g_free(stack->unlooked_reason);
    g_free(stack);
}
