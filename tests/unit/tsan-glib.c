// SPDX-License-Identifier: LGPL-2.1-or-later
/* GLib's locks for builds with the thread sanitizer. GLib 2.74 makes them of futexes inside of a
 * library that is not instrumented, where the sanitizer sees no order; these are made of pthread's,
 * which it knows, and take the place of GLib's in the test's own code. So it is with what one
 * thread hands to another's loop: it is ordered by a lock of GLib's, and here by one beside it. */
#include <dlfcn.h>
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <time.h>

static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;

static pthread_mutex_t *
real_mutex(GMutex *mutex)
{
    pthread_mutex_lock(&making);
    if (mutex->p == NULL) {
        mutex->p = g_malloc(sizeof(pthread_mutex_t));
        pthread_mutex_init(mutex->p, NULL);
    }
    pthread_mutex_t *real = mutex->p;
    pthread_mutex_unlock(&making);
    return real;
}

static pthread_cond_t *
real_cond(GCond *cond)
{
    pthread_mutex_lock(&making);
    if (cond->p == NULL) {
        pthread_condattr_t attributes;
        cond->p = g_malloc(sizeof(pthread_cond_t));
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(cond->p, &attributes);
        pthread_condattr_destroy(&attributes);
    }
    pthread_cond_t *real = cond->p;
    pthread_mutex_unlock(&making);
    return real;
}

void
g_mutex_init(GMutex *mutex)
{
    mutex->p = NULL;
}

void
g_mutex_clear(GMutex *mutex)
{
    if (mutex->p != NULL)
        pthread_mutex_destroy(mutex->p);
    g_free(mutex->p);
    mutex->p = NULL;
}

void
g_mutex_lock(GMutex *mutex)
{
    pthread_mutex_lock(real_mutex(mutex));
}

void
g_mutex_unlock(GMutex *mutex)
{
    pthread_mutex_unlock(real_mutex(mutex));
}

void
g_cond_init(GCond *cond)
{
    cond->p = NULL;
}

void
g_cond_clear(GCond *cond)
{
    if (cond->p != NULL)
        pthread_cond_destroy(cond->p);
    g_free(cond->p);
    cond->p = NULL;
}

void
g_cond_signal(GCond *cond)
{
    pthread_cond_signal(real_cond(cond));
}

void
g_cond_broadcast(GCond *cond)
{
    pthread_cond_broadcast(real_cond(cond));
}

void
g_cond_wait(GCond *cond, GMutex *mutex)
{
    pthread_cond_wait(real_cond(cond), real_mutex(mutex));
}

gboolean
g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_us)
{
    const struct timespec end = {end_us / G_USEC_PER_SEC, end_us % G_USEC_PER_SEC * 1000};

    return end_us > 0 &&
           pthread_cond_timedwait(real_cond(cond), real_mutex(mutex), &end) != ETIMEDOUT;
}

/* ---- from thread to loop */

static pthread_mutex_t handing = PTHREAD_MUTEX_INITIALIZER;

typedef struct {
    GSourceFunc function;
    gpointer data;
    GDestroyNotify notify;
} Handed;

static void
order(void)
{
    pthread_mutex_lock(&handing);
    pthread_mutex_unlock(&handing);
}

static gboolean
run_handed(gpointer data)
{
    const Handed *handed = data;

    order();
    return handed->function(handed->data);
}

static void
free_handed(gpointer data)
{
    Handed *handed = data;

    order();
    if (handed->notify != NULL)
        handed->notify(handed->data);
    g_free(handed);
}

guint
g_source_attach(GSource *source, GMainContext *context)
{
    guint (*real)(GSource *, GMainContext *) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "g_source_attach");
    order();
    return real(source, context);
}

/* The function of a source of another kind has other parameters. */
void
g_source_set_callback(GSource *source, GSourceFunc function, gpointer data, GDestroyNotify notify)
{
    void (*real)(GSource *, GSourceFunc, gpointer, GDestroyNotify) = NULL;

    *(void **)&real = dlsym(RTLD_NEXT, "g_source_set_callback");
    if (source->source_funcs != &g_idle_funcs && source->source_funcs != &g_timeout_funcs) {
        real(source, function, data, notify);
        return;
    }
    Handed *handed = g_new(Handed, 1);
    *handed = (Handed){function, data, notify};
    real(source, run_handed, handed, free_handed);
}
