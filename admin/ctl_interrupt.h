/* SPDX-License-Identifier: Apache-2.0 */
/* ctl_interrupt.h - Ctrl-C at the prompt: it ends what goes on, not betexctl. */
#ifndef BTX_ADMIN_CTL_INTERRUPT_H
#define BTX_ADMIN_CTL_INTERRUPT_H

#include <stdbool.h>

/* From now on Ctrl-C interrupts: system calls that wait return EINTR. */
void btx_ctl_interrupt_catch(void);

/* Whether Ctrl-C was pressed since the last time that this was asked. */
bool btx_ctl_interrupt_take(void);

#endif
