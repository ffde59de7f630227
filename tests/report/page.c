/* The page for a document of one's own: page <document.json >page.html. For tests, which make
 * documents that no run would. */
#include "report_html.h"

#include <stdio.h>

int main(void)
{
    json_error_t error;
    json_t *document = json_loadf(stdin, 0, &error);
    bool written;

    if (!document) {
        (void)fprintf(stderr, "page: line %d: %s\n", error.line, error.text);
        return 2;
    }
    written = report_html_write(document, stdout);
    json_decref(document);
    if (!written)
        perror("page");
    return written ? 0 : 1;
}
