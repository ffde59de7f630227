/* Gets a report document for the commands that compare. */
#include "report_load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "analyzer.h"
#include "document.h"
#include "join_run.h"

static json_t *of_folder(const char *command, const char *path, const char *vpn)
{
    const char *reason = NULL;
    struct run_folder *run = run_folder_open(path, &reason);
    struct sights *sights = run ? sights_new() : NULL;
    struct event_totals totals = {0};
    struct join *join = NULL;
    struct verdict *verdict = NULL;
    json_t *document = NULL;
    if (!run) {
        analyzer_complain("%s: cannot read %s: %s", command, path,
                          reason ? reason : strerror(errno));
        return NULL;
    }
    if (sights)
        join = join_run(run, sights_take, sights, &totals);
    if (join && !run->has_json && totals.lines == 0 && join->wire.packets == 0) {
        analyzer_complain("%s: %s is no run's folder: neither run.json nor events.ndjson nor "
                          "wire.pcapng can be read in it",
                          command, path);
        goto out;
    }
    if (join && !sights->failed)
        verdict = verdict_make(run, join, sights, vpn);
    if (verdict)
        document = document_make(run, join, sights, verdict, &totals);
    if (!document)
        analyzer_complain("%s: no memory for %s", command, path);
out:
    verdict_free(verdict);
    join_free(join);
    sights_free(sights);
    run_folder_free(run);
    return document;
}

static json_t *of_file(const char *command, const char *path)
{
    json_error_t error;
    json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!document) {
        analyzer_complain("%s: cannot read %s: line %d: %s", command, path, error.line, error.text);
        return NULL;
    }
    if (json_integer_value(json_object_get(document, "schema")) == 1 &&
        json_is_object(json_object_get(document, "verdict")) &&
        json_is_object(json_object_get(document, "run")))
        return document;
    analyzer_complain("%s: %s is neither a run's folder nor a report that 'rtcshim report --json' "
                      "made",
                      command, path);
    json_decref(document);
    return NULL;
}

json_t *report_load(const char *command, const char *path, const char *vpn)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        analyzer_complain("%s: cannot read %s: %s", command, path, strerror(errno));
        return NULL;
    }
    if (S_ISDIR(st.st_mode))
        return of_folder(command, path, vpn);
    if (S_ISREG(st.st_mode) && st.st_size > REPORT_FILE_BYTES_MAX) {
        analyzer_complain("%s: %s is too large for a report", command, path);
        return NULL;
    }
    return of_file(command, path);
}
