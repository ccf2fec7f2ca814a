/* SPDX-License-Identifier: Apache-2.0 */
/* config_example.c - betexctl config example: a configuration file with every key.
 *
 * engine/settings/betex.yaml.example is what this prints; a test compares them. */
#include <stdio.h>
#include <string.h>

#include "admin/ctl_request.h"
#include "admin/paragraph.h"
#include "engine/settings/settings.h"

enum { COLUMNS = 80, INDENT = 2, PREFIX_BYTES = 32 };

/* The sections of @name: all but its last word. */
static size_t section_length(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot == NULL ? 0 : (size_t)(dot - name);
}

static size_t count_dots(const char *name)
{
    size_t count = 0;

    for (; *name != '\0'; name++)
        count += *name == '.' ? 1 : 0;
    return count;
}

/* A comment, as deep as the key below it. */
static void print_comment(size_t depth, const char *text)
{
    char prefix[PREFIX_BYTES];

    (void)snprintf(prefix, sizeof prefix, "%*s# ", (int)(depth * INDENT), "");
    btx_paragraph_print(stdout, prefix, COLUMNS, text);
}

/* Begin the section of @key.  Only its last word is new: tables come in the order of sections. */
static void print_section(const struct btx_config_key *key)
{
    const char *name = key->setting->name;
    const size_t length = section_length(name);
    const size_t depth = count_dots(name) - 1;
    const char *word = name + length;

    while (word > name && word[-1] != '.')
        word--;
    print_comment(depth, key->about);
    printf("%*s%.*s:\n", (int)(depth * INDENT), "", (int)(name + length - word), word);
}

static void print_key(const struct btx_config_key *key)
{
    const struct btx_setting *setting = key->setting;
    const size_t depth = count_dots(setting->name);
    char bounds[BTX_SETTING_BOUNDS_BYTES];
    char fallback[BTX_SETTING_SHOWN_BYTES];
    char line[sizeof bounds + 32];

    btx_setting_print_bounds(setting, bounds, sizeof bounds);
    btx_setting_show_default(setting, fallback);
    (void)snprintf(line, sizeof line, "%s: %s", btx_setting_kind(setting), bounds); /* Fits. */
    print_comment(depth, setting->help);
    print_comment(depth, line);
    printf("%*s%s: %s\n", (int)(depth * INDENT), "",
           setting->name + section_length(setting->name) + 1, fallback);
}

enum btx_fault_code btx_ctl_config_example(const struct btx_ctl_request *request,
                                           struct btx_fault *reterr_fault)
{
    static struct btx_settings settings;
    static struct btx_config config;
    const char *before = "";

    (void)request;      /* Takes nothing, */
    (void)reterr_fault; /* and cannot fail. */
    btx_settings_init(&settings, &config);
    printf(
        "# betex.yaml - the configuration of betex: every key that there is, at its default.\n"
        "#\n"
        "# What is left out has its default, so a file may be as short as what it changes.\n"
        "# Bytes may be written with KiB, MiB, GiB or TiB, durations with ns, us, ms, s, min, h\n"
        "# or d. `betexctl config check FILE` tells every mistake with its place; `betexctl\n"
        "# config example` prints this file.\n");
    for (size_t i = 0; i < config.key_count; i++) {
        const char *name = config.keys[i].setting->name;
        const size_t length = section_length(name);

        printf("\n");
        if (length != section_length(before) || strncmp(name, before, length) != 0)
            print_section(&config.keys[i]);
        print_key(&config.keys[i]);
        before = name;
    }
    return BTX_OK;
}
