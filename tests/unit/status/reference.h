/* SPDX-License-Identifier: Apache-2.0 */
/* reference.h - the part of engine/status/README.md that is made from counters.def. */
#ifndef BTX_STATUS_REFERENCE_H
#define BTX_STATUS_REFERENCE_H

#include "engine/base/bytes.h"

/* Between these lines of README.md stands what reference_put() writes. */
#define REFERENCE_BEGIN "<!-- made from counters.def: begin -->\n"
#define REFERENCE_END "<!-- made from counters.def: end -->\n"

void reference_put(struct btx_writer *out);

#endif
