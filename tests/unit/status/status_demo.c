/* SPDX-License-Identifier: Apache-2.0 */
/* status_demo - print what `status` would, of an engine that could be real:
 *
 *     status_demo screen | colour | broken | empty | list | json | metrics | reference */
#include "plausible.h"
#include "reference.h"

#include "engine/base/check.h"
#include "engine/status/status_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(void)
{
    (void)fprintf(stderr,
                  "usage: status_demo screen|colour|broken|empty|list|json|metrics|reference\n");
    return 2;
}

static bool show(const char *what, struct btx_writer *out)
{
    struct plausible plausible;
    struct btx_status_reading *earlier;
    struct btx_status_reading *reading;
    bool known = true;

    plausible_init(&plausible);
    earlier = plausible_read(&plausible);
    plausible_go_on(&plausible, 2);
    if (strcmp(what, "broken") == 0)
        plausible_break(&plausible);
    reading = plausible_read(&plausible);
    if (strcmp(what, "empty") == 0)
        btx_status_reading_init(reading, &plausible.clock.clock);

    if (strcmp(what, "screen") == 0 || strcmp(what, "empty") == 0)
        (void)btx_status_put_screen(out, reading, earlier, false);
    else if (strcmp(what, "colour") == 0 || strcmp(what, "broken") == 0)
        (void)btx_status_put_screen(out, reading, earlier, true);
    else if (strcmp(what, "list") == 0)
        btx_status_put_list(out, reading, (1u << BTX_STATUS_PART_COUNT) - 1);
    else if (strcmp(what, "json") == 0)
        btx_status_put_json(out, reading, earlier);
    else if (strcmp(what, "metrics") == 0)
        btx_status_put_metrics(out, reading);
    else if (strcmp(what, "reference") == 0)
        reference_put(out);
    else
        known = false;
    free(reading);
    free(earlier);
    plausible_done(&plausible);
    return known;
}

int main(int argc, char **argv)
{
    static char text[BTX_STATUS_OUTPUT_BYTES];
    struct btx_writer out;

    btx_writer_init(&out, text, sizeof text);
    if (argc != 2 || !show(argv[1], &out))
        return usage();
    CHECK(!out.overflowed);
    return fwrite(text, 1, out.length_bytes, stdout) == out.length_bytes ? 0 : 1;
}
