/* SPDX-License-Identifier: Apache-2.0 */
/* cells.h - where positions keep one cell a runner, private to this folder. */
#ifndef BTX_CORE_CELLS_H
#define BTX_CORE_CELLS_H

#include "engine/core/state.h"

/* The first of @count cells (1..CELLS_PER_BLOCK), all zero.  Never fails while there are no more
 * positions than their capacity. */
uint32_t btx_cells_take(struct btx_core *core, uint32_t count);

/* Give back what btx_cells_take() gave for the same @count; clears it. */
void btx_cells_give(struct btx_core *core, uint32_t first, uint32_t count);

#endif
