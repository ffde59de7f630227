/* A queue of batches between the thread that reads and the thread that writes. */
#include "pipeline.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct batch {
    size_t used;
    uint8_t *bytes; /* struct found, its bytes, padding; again */
};

struct pipeline {
    struct batch batches[PIPELINE_BATCHES];
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    /* Batches handed over and batches consumed; the one being filled is number `given`. */
    uint64_t given, taken;
    bool ended, prompt;
    pthread_t thread;
    found_fn *consume;
    void (*idle)(void *context);
    void *context;
};

static size_t padded(size_t len)
{
    size_t align = _Alignof(struct found);
    return (len + align - 1) / align * align;
}

static void consume_batch(struct pipeline *p, const struct batch *batch)
{
    for (size_t at = 0; at < batch->used;) {
        struct found found;
        memcpy(&found, batch->bytes + at, sizeof(found));
        at += padded(sizeof(found));
        found.bytes = batch->bytes + at;
        at += padded(found.len);
        p->consume(&found, p->context);
    }
}

static void *run(void *arg)
{
    struct pipeline *p = arg;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (p->taken == p->given && !p->ended)
            pthread_cond_wait(&p->filled, &p->lock);
        if (p->taken == p->given)
            break;
        struct batch *batch = &p->batches[p->taken % PIPELINE_BATCHES];
        bool last = p->taken + 1 == p->given;
        pthread_mutex_unlock(&p->lock);
        consume_batch(p, batch);
        if (last)
            p->idle(p->context);
        pthread_mutex_lock(&p->lock);
        batch->used = 0;
        p->taken++;
        pthread_cond_signal(&p->emptied);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct pipeline *pipeline_new(found_fn *consume, void (*idle)(void *context), void *context,
                              bool prompt)
{
    struct pipeline *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->consume = consume;
    p->idle = idle;
    p->context = context;
    p->prompt = prompt;
    for (size_t i = 0; i < PIPELINE_BATCHES; i++) {
        p->batches[i].bytes = malloc(PIPELINE_BATCH_BYTES);
        if (!p->batches[i].bytes)
            goto out;
    }
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->filled, NULL);
    pthread_cond_init(&p->emptied, NULL);
    if (pthread_create(&p->thread, NULL, run, p) == 0)
        return p;
out:
    for (size_t i = 0; i < PIPELINE_BATCHES; i++)
        free(p->batches[i].bytes);
    free(p);
    return NULL;
}

/* The batch being filled goes to the other thread; waits until the next one is free. */
static void hand_over(struct pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    p->given++;
    pthread_cond_signal(&p->filled);
    while (p->given - p->taken >= PIPELINE_BATCHES)
        pthread_cond_wait(&p->emptied, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void pipeline_put(const struct found *found, void *pipeline)
{
    struct pipeline *p = pipeline;
    size_t need = padded(sizeof(*found)) + padded(found->len);
    if (need > PIPELINE_BATCH_BYTES) /* no datagram or unit is that large */
        return;
    if (need > PIPELINE_BATCH_BYTES - p->batches[p->given % PIPELINE_BATCHES].used)
        hand_over(p);
    struct batch *batch = &p->batches[p->given % PIPELINE_BATCHES];
    memcpy(batch->bytes + batch->used, found, sizeof(*found));
    if (found->len > 0)
        memcpy(batch->bytes + batch->used + padded(sizeof(*found)), found->bytes, found->len);
    batch->used += need;
    if (p->prompt)
        hand_over(p);
}

void pipeline_push(struct pipeline *p)
{
    if (p->batches[p->given % PIPELINE_BATCHES].used > 0)
        hand_over(p);
}

void pipeline_drain(struct pipeline *p)
{
    pipeline_push(p);
    pthread_mutex_lock(&p->lock);
    while (p->taken != p->given)
        pthread_cond_wait(&p->emptied, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    pipeline_drain(p);
    pthread_mutex_lock(&p->lock);
    p->ended = true;
    pthread_cond_signal(&p->filled);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    pthread_cond_destroy(&p->emptied);
    pthread_cond_destroy(&p->filled);
    pthread_mutex_destroy(&p->lock);
    for (size_t i = 0; i < PIPELINE_BATCHES; i++)
        free(p->batches[i].bytes);
    free(p);
}
