/* What is asked of a join that is made. */
#include "join.h"

const char *join_outcome_name(enum join_outcome outcome)
{
    static const char *const names[] = {
#define JOIN_OUTCOME_ROW(ident, name, words) name,
        JOIN_OUTCOMES(JOIN_OUTCOME_ROW)
#undef JOIN_OUTCOME_ROW
    };
    return names[outcome];
}

const char *join_outcome_words(enum join_outcome outcome)
{
    static const char *const sentences[] = {
#define JOIN_OUTCOME_ROW(ident, name, words) words,
        JOIN_OUTCOMES(JOIN_OUTCOME_ROW)
#undef JOIN_OUTCOME_ROW
    };
    return sentences[outcome];
}

const char *join_text(const struct join *j, uint32_t index)
{
    return index < j->text_count ? j->texts[index] : NULL;
}

uint64_t join_first_ns(const struct join *j, const struct join_exchange *x)
{
    return j->messages[x->first_message].time_ns;
}

uint64_t join_last_ns(const struct join *j, const struct join_exchange *x)
{
    return j->messages[x->first_message + x->messages - 1].time_ns;
}
