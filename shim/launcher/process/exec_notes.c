/* A short list of execs that were announced, matched with the reports that follow. */
#include "exec_notes.h"

#include <string.h>

#include "process_private.h"
#include "role.h"

struct exec_note *exec_notes_add(struct exec_notes *notes)
{
    struct exec_note *place = &notes->note[0];

    for (size_t i = 0; i < EXEC_NOTES_MAX; i++) {
        if (!notes->note[i].used) {
            place = &notes->note[i];
            break;
        }
        if (notes->note[i].since_ms < place->since_ms)
            place = &notes->note[i];
    }
    memset(place, 0, sizeof(*place));
    place->used = true;
    place->since_ms = process_clock_ms();
    return place;
}

void exec_notes_failed(struct exec_notes *notes, uint32_t number, uint32_t tid)
{
    struct exec_note *youngest = NULL;

    for (size_t i = 0; i < EXEC_NOTES_MAX; i++) {
        struct exec_note *note = &notes->note[i];
        if (note->used && note->number == number && note->tid == tid &&
            (!youngest || note->since_ms >= youngest->since_ms))
            youngest = note;
    }
    if (youngest)
        youngest->used = false;
}

/* How well a report answers a note: the process itself before its parent's announcement, and that
 * before a mere likeness of names. */
static int likeness(const struct exec_note *note, const struct process *p)
{
    bool same_name = note->path[0] == '\0' || !p->exe ||
                     strcmp(role_base_name(note->path), role_base_name(p->exe)) == 0;

    if (note->target != 0)
        return note->target == (p->pid ? p->pid : p->ns_pid) ? 4 : 0;
    if (p->parent != 0 && p->parent == note->announcer)
        return same_name ? 3 : 2;
    /* Its parent is not known any more: it lived shortly. */
    return p->start_ticks == 0 || same_name ? 1 : 0;
}

const struct exec_note *exec_notes_answered(struct exec_notes *notes, const struct process *p)
{
    struct exec_note *best = NULL;
    int score = 0;

    for (size_t i = 0; i < EXEC_NOTES_MAX; i++) {
        struct exec_note *note = &notes->note[i];
        int now = note->used ? likeness(note, p) : 0;
        if (now == 4)
            note->used = false;
        if (now > score || (now == score && best && now > 0 && note->since_ms < best->since_ms)) {
            best = note;
            score = now;
        }
    }
    if (best)
        best->used = false;
    return best;
}

struct exec_note *exec_notes_for(struct exec_notes *notes, pid_t target)
{
    struct exec_note *youngest = NULL;

    for (size_t i = 0; target != 0 && i < EXEC_NOTES_MAX; i++) {
        struct exec_note *note = &notes->note[i];
        if (note->used && note->target == target &&
            (!youngest || note->since_ms >= youngest->since_ms))
            youngest = note;
    }
    return youngest;
}
