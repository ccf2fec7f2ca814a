/* SPDX-License-Identifier: Apache-2.0 */
/* config_explain.c - betexctl config explain: what may be set, and what it means. */
#include <stdio.h>
#include <string.h>

#include "admin/ctl_request.h"
#include "admin/json.h"
#include "admin/paragraph.h"
#include "admin/terminal.h"
#include "engine/settings/settings.h"

enum { COLUMNS = 80 };

/* Whether @name, a key or a section, is the key or one that it is in; all of them for NULL. */
static bool is_asked(const struct btx_config_key *key, const char *name)
{
    const size_t length = name == NULL ? 0 : strlen(name);

    return name == NULL ||
           (strncmp(key->setting->name, name, length) == 0 &&
            (key->setting->name[length] == '\0' || key->setting->name[length] == '.'));
}

/* ---- The forms ---- */

static const char *when_read(const struct btx_setting *setting)
{
    return setting->reloadable ? "at once, by a reload" : "at the next start";
}

static void print_text(const struct btx_config_key *key)
{
    const struct btx_setting *setting = key->setting;
    const char *units = btx_setting_units(setting);
    char bounds[BTX_SETTING_BOUNDS_BYTES];
    char fallback[BTX_SETTING_SHOWN_BYTES];

    btx_setting_print_bounds(setting, bounds, sizeof bounds);
    btx_setting_show_default(setting, fallback);
    printf("%s%s%s\n", btx_colour_on(BTX_COLOUR_STRONG), setting->name, btx_colour_off());
    btx_paragraph_print(stdout, "  ", COLUMNS, setting->help);
    printf("  type     %s%s%s\n", btx_setting_kind(setting), *units == '\0' ? "" : ", in ", units);
    printf("  range    %s\n", bounds);
    printf("  default  %s\n", fallback);
    printf("  changes  %s\n", when_read(setting));
}

/* For README.md; none of the texts has a '|'. */
static void print_markdown(const struct btx_config_key *key)
{
    char bounds[BTX_SETTING_BOUNDS_BYTES];
    char fallback[BTX_SETTING_SHOWN_BYTES];

    btx_setting_print_bounds(key->setting, bounds, sizeof bounds);
    btx_setting_show_default(key->setting, fallback);
    printf("| `%s` | %s: %s | %s | %s |\n", key->setting->name, btx_setting_kind(key->setting),
           bounds, fallback, key->setting->help);
}

static void print_json(const struct btx_config_key *key)
{
    const struct btx_setting *setting = key->setting;
    struct btx_json json = {.out = stdout};
    char bounds[BTX_SETTING_BOUNDS_BYTES];
    char fallback[BTX_SETTING_SHOWN_BYTES];

    btx_setting_print_bounds(setting, bounds, sizeof bounds);
    btx_setting_show_default(setting, fallback);
    btx_json_begin_object(&json, NULL);
    btx_json_text(&json, "key", setting->name);
    btx_json_text(&json, "type", btx_setting_kind(setting));
    btx_json_text(&json, "units", btx_setting_units(setting));
    btx_json_text(&json, "range", bounds);
    if (setting->unit != BTX_SETTING_WORD) {
        btx_json_u64(&json, "minimum", setting->minimum);
        btx_json_u64(&json, "maximum", setting->maximum);
    }
    btx_json_text(&json, "default", fallback);
    btx_json_bool(&json, "reloadable", setting->reloadable);
    btx_json_text(&json, "help", setting->help);
    btx_json_end_object(&json);
    btx_json_end_line(&json);
}

static enum btx_fault_code refuse(const struct btx_config *config, const char *name,
                                  struct btx_fault *reterr_fault)
{
    char nearest[BTX_CONFIG_NAME_BYTES];

    btx_config_nearest(config, name, nearest);
    if (nearest[0] == '\0')
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                             "'%s': there is no such key (betexctl config explain lists all)",
                             name);
    return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0,
                         "'%s': there is no such key (is %s meant?)", name, nearest);
}

enum btx_fault_code btx_ctl_config_explain(const struct btx_ctl_request *request,
                                           struct btx_fault *reterr_fault)
{
    static struct btx_settings settings;
    static struct btx_config config;
    const char *name = request->argument_count == 0 ? NULL : request->arguments[0];
    size_t count = 0;

    btx_settings_init(&settings, &config);
    for (size_t i = 0; i < config.key_count; i++) {
        const struct btx_config_key *key = &config.keys[i];

        if (!is_asked(key, name))
            continue;
        if (count++ == 0 && request->markdown)
            printf("| key | value | default | meaning |\n|---|---|---|---|\n");
        else if (count > 1 && !request->json && !request->markdown)
            printf("\n");
        if (request->json)
            print_json(key);
        else if (request->markdown)
            print_markdown(key);
        else
            print_text(key);
    }
    return count != 0 ? BTX_OK : refuse(&config, name, reterr_fault);
}
