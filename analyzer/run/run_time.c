/* Timestamps of events and of run.json. */
#include "run_folder.h"

/* Digits at text[0..count) as a number, -1 where there is another character. */
static int64_t digits(const char *text, size_t count)
{
    int64_t value = 0;
    for (size_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* Days from 1970-01-01 of a date of the Gregorian calendar; years begin in March, so that a leap
 * day is a year's last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return 365 * year + year / 4 - year / 100 + year / 400 + of_year - 719468;
}

/* ".569220": a fraction in nanoseconds; *pos goes past it. false: a point without digits. */
static bool fraction(const char *text, size_t len, size_t *pos, uint64_t *ns)
{
    uint64_t unit = UINT64_C(100000000);
    *ns = 0;
    if (*pos >= len || text[*pos] != '.')
        return true;
    size_t start = ++*pos;
    for (; *pos < len && text[*pos] >= '0' && text[*pos] <= '9'; ++*pos, unit /= 10)
        *ns += unit * (uint64_t)(text[*pos] - '0');
    return *pos > start;
}

uint64_t run_time_ns(const char *text, size_t len)
{
    static const char form[] = "0000-00-00T00:00:00";
    uint64_t ns;
    size_t pos = sizeof(form) - 1;
    if (len <= pos)
        return 0;
    for (size_t i = 0; i < pos; i++)
        if (form[i] != '0' && text[i] != form[i])
            return 0;
    int64_t year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2);
    int64_t hour = digits(text + 11, 2), minute = digits(text + 14, 2),
            second = digits(text + 17, 2);
    if (year < 1970 || year > 2261 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 ||
        hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 ||
        !fraction(text, len, &pos, &ns))
        return 0;
    /* Always UTC. */
    if (!(len - pos == 1 && text[pos] == 'Z') &&
        !(len - pos == 5 && text[pos] == '+' && digits(text + pos + 1, 4) == 0))
        return 0;
    return (uint64_t)(((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) *
               UINT64_C(1000000000) +
           ns;
}
