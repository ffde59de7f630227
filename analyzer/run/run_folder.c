/* Opens a run's folder and takes run.json apart. */
#include "run_folder.h"

struct run_folder *run_folder_open(const char *path, const char **reason)
{
    (void)path;
    *reason = "not built yet";
    return NULL;
}
void run_folder_free(struct run_folder *run)
{
    (void)run;
}
int run_folder_file(const struct run_folder *run, const char *name)
{
    (void)run;
    (void)name;
    return -1;
}
void run_folder_damage(struct run_folder *run, const char *file, uint64_t line, uint64_t offset,
                       const char *format, ...)
{
    (void)run;
    (void)file;
    (void)line;
    (void)offset;
    (void)format;
}
uint64_t run_time_ns(const char *text, size_t len)
{
    (void)text;
    return len ? 0 : 1;
}
