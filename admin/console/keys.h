/* SPDX-License-Identifier: Apache-2.0 */
/* keys.h - what somebody may press: printable ASCII is itself, the others are here. */
#ifndef BTX_CONSOLE_KEYS_H
#define BTX_CONSOLE_KEYS_H

enum btx_key {
    BTX_KEY_NONE = 0,
    BTX_KEY_ESCAPE = 27,
    BTX_KEY_REDRAW = 256, /* Ctrl-L: what is on the screen may be anything */
    BTX_KEY_RESIZED,
    BTX_KEY_ENTER,
    BTX_KEY_BACKSPACE,
    BTX_KEY_UP,
    BTX_KEY_DOWN,
    BTX_KEY_PAGE_UP,
    BTX_KEY_PAGE_DOWN,
    BTX_KEY_HOME,
    BTX_KEY_END,
    BTX_KEY_F1, /* to F12, one behind the other */
    BTX_KEY_F12 = BTX_KEY_F1 + 11,
    BTX_KEY_OTHER, /* one that means nothing here */
};

#endif
