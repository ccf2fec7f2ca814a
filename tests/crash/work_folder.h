/* SPDX-License-Identifier: Apache-2.0 */
/* work_folder.h - a temporary folder for the logs of a crash test. */
#ifndef BTX_CRASH_WORK_FOLDER_H
#define BTX_CRASH_WORK_FOLDER_H

enum { BTX_WORK_FOLDER_BYTES = 160 };

/* Make a new folder: in BTX_CRASH_FOLDER if that is set, else in memory where there is room (the
 * simulated disk needs no other, and is faster), else in TMPDIR or /tmp. */
void btx_work_folder_make(char ret_folder[BTX_WORK_FOLDER_BYTES]);

/* The same on a real disk: BTX_CRASH_FOLDER, TMPDIR or /tmp. */
void btx_work_folder_make_on_disk(char ret_folder[BTX_WORK_FOLDER_BYTES]);

/* Remove it with all that is in it. */
void btx_work_folder_remove(const char *folder);

#endif
