// SPDX-License-Identifier: LGPL-2.1-or-later
#include "protocol/exec.h"

#include <string.h>
#include <sys/random.h>

#include "protocol/exec-json.h"
#include "protocol/limits.h"
#include "protocol/shell-word.h"

/* Words that are longer together, or hold what JSON escapes, are sent in base64: then they fit into
 * a frame whatever they hold. */
#define MAX_PLAIN_BYTES 4096
#define MAX_NAME 256
#define MAX_SIGNAL 64
#define SHA256_DIGITS 64

static gboolean
refuse(GError **error, const char *why)
{
    g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "%s", why);
    return FALSE;
}

gboolean
pst_exec_is_id(const char *text)
{
    return strlen(text) == PST_EXEC_ID_DIGITS &&
           strspn(text, "0123456789abcdef") == PST_EXEC_ID_DIGITS;
}

void
pst_exec_new_id(char id[PST_EXEC_ID_DIGITS + 1])
{
    guint8 bits[PST_EXEC_ID_DIGITS / 2];

    /* See pst_message_new_session(). */
    if (getrandom(bits, sizeof(bits), 0) != (gssize)sizeof(bits))
        g_error("getrandom: no random bits");
    for (gsize i = 0; i < sizeof(bits); i++)
        g_snprintf(id + 2 * i, 3, "%02x", bits[i]);
}

/* ---- bytes ---- */

/* g_base64_decode() passes over what it does not know. */
static gboolean
is_base64(const char *text, gsize len)
{
    gsize n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

    if (len % 4 != 0 || len - n > 2)
        return FALSE;
    return strspn(text + n, "=") == len - n;
}

GBytes *
pst_exec_json_decode(const char *name, const char *text, gsize max, GError **error)
{
    gsize len = strlen(text);

    if (!is_base64(text, len)) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'%s' is not base64", name);
        return NULL;
    }
    if (len / 4 * 3 > max + 2) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "'%s' is longer than %" G_GSIZE_FORMAT " bytes", name, max);
        return NULL;
    }
    gsize n = 0;
    guint8 *data = g_base64_decode(text, &n);
    return g_bytes_new_take(data, n);
}

gboolean
pst_exec_json_get_bytes(JsonObject *object, const char *name, gsize max, GBytes **data,
                        GError **error)
{
    const char *text = NULL;

    if (!pst_json_get_string(object, name, PST_JSON_OPTIONAL, &text, error))
        return FALSE;
    if (text == NULL)
        return TRUE;
    *data = pst_exec_json_decode(name, text, max, error);
    return *data != NULL;
}

void
pst_exec_json_set_bytes(JsonObject *object, const char *name, GBytes *data)
{
    gsize n = 0;
    const guint8 *bytes = data != NULL ? g_bytes_get_data(data, &n) : NULL;

    if (n == 0)
        return;
    g_autofree char *text = g_base64_encode(bytes, n);
    json_object_set_string_member(object, name, text);
}

gboolean
pst_exec_json_get_number(JsonObject *object, const char *name, PstJsonPresence presence, gint64 min,
                         gint64 max, gint64 *value, GError **error)
{
    gint64 number = min;
    gboolean given = json_object_has_member(object, name);

    if (!pst_json_get_int(object, name, presence, &number, error))
        return FALSE;
    if (number < min || number > max) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "'%s' is not %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT, name, min, max);
        return FALSE;
    }
    if (given)
        *value = number;
    return TRUE;
}

gboolean
pst_exec_json_get_id(JsonObject *object, char *id, GError **error)
{
    const char *text = NULL;

    if (!pst_json_get_string(object, "id", PST_JSON_REQUIRED, &text, error))
        return FALSE;
    if (!pst_exec_is_id(text))
        return refuse(error, "'id' is not 32 hexadecimal digits");
    g_strlcpy(id, text, PST_EXEC_ID_DIGITS + 1);
    return TRUE;
}

gboolean
pst_exec_read_id(JsonObject *params, char id[PST_EXEC_ID_DIGITS + 1], GError **error)
{
    if (params == NULL)
        return refuse(error, "'params' is missing");
    return pst_exec_json_get_id(params, id, error);
}

/* ---- words ---- */

static gboolean
is_plain(char *const *words)
{
    gsize bytes = 0;

    for (guint i = 0; words[i] != NULL; i++) {
        bytes += strlen(words[i]);
        if (!g_utf8_validate(words[i], -1, NULL))
            return FALSE;
        for (const char *at = words[i]; *at != '\0'; at++)
            if ((guint8)*at < 0x20 || *at == 0x7f)
                return FALSE;
    }
    return bytes <= MAX_PLAIN_BYTES;
}

/* As NAME, or as NAME_b64. */
static void
set_words(JsonObject *params, const char *name, char *const *words)
{
    JsonArray *array;

    if (words == NULL)
        return;
    array = json_array_new();
    gboolean plain = is_plain(words);
    g_autofree char *member = g_strconcat(name, plain ? "" : "_b64", NULL);
    for (guint i = 0; words[i] != NULL; i++) {
        g_autofree char *text = plain ? g_strdup(words[i])
                                      : g_base64_encode((const guint8 *)words[i], strlen(words[i]));
        json_array_add_string_element(array, text);
    }
    json_object_set_array_member(params, member, array);
}

static char *
read_word(const char *name, JsonNode *node, gboolean plain, GError **error)
{
    gsize n = 0;
    const char *text;

    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'%s' is not a list of strings",
                    name);
        return NULL;
    }
    text = json_node_get_string(node);
    if (plain)
        return g_strdup(text);
    g_autoptr(GBytes) bytes = pst_exec_json_decode(name, text, PST_LIMIT_EXEC_WORDS_BYTES, error);
    if (bytes == NULL)
        return NULL;
    const char *data = g_bytes_get_data(bytes, &n);
    if (n > 0 && memchr(data, '\0', n) != NULL) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'%s' holds a NUL", name);
        return NULL;
    }
    return n > 0 ? g_strndup(data, n) : g_strdup("");
}

/* *WORDS stays NULL where there are none. */
static gboolean
read_words(JsonObject *params, const char *name, char ***words, gsize *bytes, GError **error)
{
    g_autofree char *encoded = g_strconcat(name, "_b64", NULL);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
    JsonArray *array = NULL, *in_base64 = NULL;

    if (!pst_json_get_array(params, name, PST_JSON_OPTIONAL, &array, error) ||
        !pst_json_get_array(params, encoded, PST_JSON_OPTIONAL, &in_base64, error))
        return FALSE;
    if (array == NULL && in_base64 == NULL)
        return TRUE;
    gboolean plain = array != NULL;
    array = plain ? array : in_base64;
    if (plain && in_base64 != NULL)
        return refuse(error, "words are given as they are or in base64, not both");
    if (json_array_get_length(array) > PST_LIMIT_EXEC_WORDS) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'%s' has more than %d words", name,
                    PST_LIMIT_EXEC_WORDS);
        return FALSE;
    }
    for (guint i = 0; i < json_array_get_length(array); i++) {
        char *word =
            read_word(plain ? name : encoded, json_array_get_element(array, i), plain, error);
        if (word == NULL)
            return FALSE;
        g_ptr_array_add(list, word);
        *bytes += strlen(word) + 1;
    }
    g_ptr_array_add(list, NULL);
    g_ptr_array_set_free_func(list, NULL);
    *words = (char **)g_ptr_array_free(g_steal_pointer(&list), FALSE);
    return TRUE;
}

char *
pst_exec_words_text(char *const *words, gsize max)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; words[i] != NULL && text->len <= max; i++) {
        g_autofree char *word = pst_shell_word(words[i]);
        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", word);
    }
    g_autofree char *whole = g_string_free(text, FALSE);
    return pst_json_clean_cut(whole, max, NULL);
}

/* ---- input ---- */

static void
set_input(JsonObject *params, const PstExecInput *input)
{
    if (input->data == NULL && !input->end)
        return;
    json_object_set_int_member(params, "input_at", input->at);
    pst_exec_json_set_bytes(params, "input_b64", input->data);
    if (input->end)
        json_object_set_boolean_member(params, "input_end", TRUE);
}

/* A piece without a byte is none. */
static gboolean
read_input(JsonObject *params, PstExecInput *input, GError **error)
{
    if (!pst_exec_json_get_number(params, "input_at", PST_JSON_OPTIONAL, 0, PST_LIMIT_INTEGER / 2,
                                  &input->at, error) ||
        !pst_exec_json_get_bytes(params, "input_b64", PST_LIMIT_EXEC_INPUT, &input->data, error) ||
        !pst_json_get_bool(params, "input_end", PST_JSON_OPTIONAL, &input->end, error))
        return FALSE;
    if (input->data != NULL && g_bytes_get_size(input->data) == 0)
        g_clear_pointer(&input->data, g_bytes_unref);
    return TRUE;
}

/* ---- exec.start ---- */

void
pst_exec_start_free(PstExecStart *start)
{
    g_free(start->boot_id);
    g_strfreev(start->argv);
    g_strfreev(start->env);
    g_free(start->user);
    g_free(start->cwd);
    g_free(start->caller);
    g_free(start->input_sha256);
    g_clear_pointer(&start->input.data, g_bytes_unref);
    g_free(start);
}

JsonObject *
pst_exec_start_params(const PstExecStart *start)
{
    JsonObject *params = json_object_new();

    pst_json_set_string(params, "id", start->id);
    pst_json_set_string(params, "boot_id", start->boot_id);
    set_words(params, "argv", start->argv);
    set_words(params, "env", start->env);
    pst_json_set_string(params, "user", start->user);
    pst_json_set_string(params, "cwd", start->cwd);
    pst_json_set_string(params, "caller", start->caller);
    json_object_set_int_member(params, "timeout_ms", start->timeout_ms);
    if (start->not_after_us > 0)
        json_object_set_int_member(params, "not_after_us", start->not_after_us);
    if (start->not_after_realtime_us > 0)
        json_object_set_int_member(params, "not_after_realtime_us", start->not_after_realtime_us);
    json_object_set_int_member(params, "wait_ms", start->wait_ms);
    if (start->detach)
        json_object_set_boolean_member(params, "detach", TRUE);
    if (!start->has_input)
        return params;
    json_object_set_boolean_member(params, "input", TRUE);
    if (start->input_bytes >= 0)
        json_object_set_int_member(params, "input_bytes", start->input_bytes);
    pst_json_set_string(params, "input_sha256", start->input_sha256);
    set_input(params, &start->input);
    return params;
}

static gboolean
read_name(JsonObject *params, const char *name, char **value, GError **error)
{
    const char *text = NULL;

    if (!pst_json_get_string(params, name, PST_JSON_OPTIONAL, &text, error))
        return FALSE;
    if (text == NULL)
        return TRUE;
    if (*text == '\0' || strlen(text) > MAX_NAME) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS, "'%s' is not 1 to %d bytes long",
                    name, MAX_NAME);
        return FALSE;
    }
    *value = g_strdup(text);
    return TRUE;
}

static gboolean
check_env(char *const *env, GError **error)
{
    for (guint i = 0; env != NULL && env[i] != NULL; i++) {
        const char *equals = strchr(env[i], '=');
        if (equals == NULL || equals == env[i])
            return refuse(error, "'env' holds what is not KEY=VALUE");
    }
    return TRUE;
}

static gboolean
check_words(const PstExecStart *start, gsize bytes, GError **error)
{
    if (start->argv == NULL || start->argv[0] == NULL || start->argv[0][0] == '\0')
        return refuse(error, "'argv' names no program");
    if (bytes > PST_LIMIT_EXEC_WORDS_BYTES) {
        g_set_error(error, PST_ERROR, PST_ERROR_INVALID_PARAMS,
                    "the command's words have more than %d bytes: what is long goes by its "
                    "standard input",
                    PST_LIMIT_EXEC_WORDS_BYTES);
        return FALSE;
    }
    if (start->cwd != NULL && start->cwd[0] != '/')
        return refuse(error, "'cwd' is not an absolute path");
    return check_env(start->env, error);
}

static gboolean
read_numbers(JsonObject *params, PstExecStart *start, GError **error)
{
    start->input_bytes = -1;
    return pst_exec_json_get_number(params, "timeout_ms", PST_JSON_REQUIRED, 1,
                                    PST_LIMIT_EXEC_TIMEOUT_MS, &start->timeout_ms, error) &&
           pst_exec_json_get_number(params, "not_after_us", PST_JSON_OPTIONAL, 1, PST_LIMIT_INTEGER,
                                    &start->not_after_us, error) &&
           pst_exec_json_get_number(params, "not_after_realtime_us", PST_JSON_OPTIONAL, 1,
                                    PST_LIMIT_INTEGER, &start->not_after_realtime_us, error) &&
           pst_exec_json_get_number(params, "wait_ms", PST_JSON_OPTIONAL, 0, PST_LIMIT_EXEC_WAIT_MS,
                                    &start->wait_ms, error) &&
           pst_exec_json_get_number(params, "input_bytes", PST_JSON_OPTIONAL, 0,
                                    PST_LIMIT_INTEGER / 2, &start->input_bytes, error) &&
           pst_json_get_bool(params, "detach", PST_JSON_OPTIONAL, &start->detach, error) &&
           pst_json_get_bool(params, "input", PST_JSON_OPTIONAL, &start->has_input, error);
}

static gboolean
check_input(const PstExecStart *start, GError **error)
{
    const char *sha256 = start->input_sha256;

    if (!start->has_input && (start->input.data != NULL || start->input.end))
        return refuse(error, "there is a piece of an input that is not 'input'");
    if (start->input.at != 0)
        return refuse(error, "the first piece of the input is not at its beginning");
    if (sha256 != NULL &&
        (strlen(sha256) != SHA256_DIGITS || strspn(sha256, "0123456789abcdef") != SHA256_DIGITS))
        return refuse(error, "'input_sha256' is not 64 hexadecimal digits");
    return TRUE;
}

PstExecStart *
pst_exec_start_read(JsonObject *params, GError **error)
{
    g_autoptr(PstExecStart) start = g_new0(PstExecStart, 1);
    gsize bytes = 0;

    if (!pst_exec_read_id(params, start->id, error) ||
        !read_words(params, "argv", &start->argv, &bytes, error) ||
        !read_words(params, "env", &start->env, &bytes, error) ||
        !read_name(params, "boot_id", &start->boot_id, error) ||
        !read_name(params, "user", &start->user, error) ||
        !read_name(params, "caller", &start->caller, error) ||
        !read_name(params, "input_sha256", &start->input_sha256, error) ||
        !read_numbers(params, start, error) || !read_input(params, &start->input, error))
        return NULL;
    const char *cwd = NULL;
    if (!pst_json_get_string(params, "cwd", PST_JSON_OPTIONAL, &cwd, error))
        return NULL;
    start->cwd = g_strdup(cwd);
    bytes += cwd != NULL ? strlen(cwd) : 0;
    if (!check_words(start, bytes, error) || !check_input(start, error))
        return NULL;
    return g_steal_pointer(&start);
}

/* ---- exec.page, exec.signal: what is asked ---- */

void
pst_exec_ask_clear(PstExecAsk *ask)
{
    g_clear_pointer(&ask->input.data, g_bytes_unref);
}

JsonObject *
pst_exec_ask_params(const PstExecAsk *ask)
{
    JsonObject *params = json_object_new();

    pst_json_set_string(params, "id", ask->id);
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        json_object_set_int_member(params, pst_exec_stream_names[i], ask->from[i]);
    json_object_set_int_member(params, "wait_ms", ask->wait_ms);
    if (ask->joins)
        json_object_set_boolean_member(params, "join", TRUE);
    set_input(params, &ask->input);
    return params;
}

gboolean
pst_exec_ask_read(JsonObject *params, PstExecAsk *ask, GError **error)
{
    *ask = (PstExecAsk){.wait_ms = 0};
    if (!pst_exec_read_id(params, ask->id, error))
        return FALSE;
    for (guint i = 0; i < PST_EXEC_N_STREAMS; i++)
        if (!pst_exec_json_get_number(params, pst_exec_stream_names[i], PST_JSON_OPTIONAL, 0,
                                      PST_LIMIT_INTEGER / 2, &ask->from[i], error))
            return FALSE;
    return pst_exec_json_get_number(params, "wait_ms", PST_JSON_OPTIONAL, 0, PST_LIMIT_EXEC_WAIT_MS,
                                    &ask->wait_ms, error) &&
           pst_json_get_bool(params, "join", PST_JSON_OPTIONAL, &ask->joins, error) &&
           read_input(params, &ask->input, error);
}

JsonObject *
pst_exec_signal_params(const PstExecSignal *wish)
{
    JsonObject *params = json_object_new();

    pst_json_set_string(params, "id", wish->id);
    json_object_set_int_member(params, "signal", wish->signal);
    return params;
}

gboolean
pst_exec_signal_read(JsonObject *params, PstExecSignal *wish, GError **error)
{
    gint64 number = 0;

    if (!pst_exec_read_id(params, wish->id, error) ||
        !pst_exec_json_get_number(params, "signal", PST_JSON_REQUIRED, 1, MAX_SIGNAL, &number,
                                  error))
        return FALSE;
    wish->signal = (int)number;
    return TRUE;
}
