/* SPDX-License-Identifier: Apache-2.0 */
/* config_errors.h - a configuration file read by a verb, and what is wrong in it told. */
#ifndef BTX_ADMIN_CONFIG_ERRORS_H
#define BTX_ADMIN_CONFIG_ERRORS_H

#include "engine/base/fault.h"
#include "engine/config/config.h"
#include "engine/settings/settings.h"

/* The settings, with all that is in the file at @path; in static storage.
 * Faults: those of btx_settings_read(). */
BTX_MUST_USE enum btx_fault_code btx_config_errors_read(const char *path,
                                                        struct btx_config **ret_config,
                                                        struct btx_fault *reterr_fault);

/* Each error on a line of standard error. */
void btx_config_errors_tell(const struct btx_config *config);

#endif
