/*
 * What a note says: on a message, on a leak, on an event that is no packet. Each begins with
 * "rtcshim: "; what deserves a look has a word in capitals (LEAK, FAULT, UNSEEN) that filters find.
 */
#ifndef RTCSHIM_ANALYZER_REPORT_NOTE_H
#define RTCSHIM_ANALYZER_REPORT_NOTE_H

#include "event_line.h"
#include "join.h"
#include "note_text.h"
#include "verdict.h"

/* Severities of syslog(3), which the journal's PRIORITY has. */
enum note_priority { NOTE_ERROR = 3, NOTE_WARNING, NOTE_NOTICE, NOTE_INFO };

/* note has been started. */

/* On the packet of message number index; frame is told, because records between packets change the
 * numbers that Wireshark shows. */
void note_packet(struct note *note, const struct join *join, const struct join_message *message);

/* On a message that is no packet. */
enum note_priority note_message(struct note *note, const struct join *join,
                                const struct join_message *message);

void note_leak(struct note *note, const struct join *join, const struct verdict_leak *leak);

/* This event is told as a record: what it says is not in a packet. */
bool note_is_record(const struct event_line *line);
/* On such an event. parser is scratch for its lists. */
enum note_priority note_event(struct note *note, const struct event_line *line,
                              struct event_parser *parser);

#endif
