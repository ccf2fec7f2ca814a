/* SPDX-License-Identifier: Apache-2.0 */
/* setting_value.c - settings of every kind: read from text, shown, and their bounds in words. */
#include "engine/base/check.h"
#include "engine/base/setting.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool btx_setting_is_number(const struct btx_setting *setting)
{
    return setting->unit < BTX_SETTING_TEXT;
}

const char *btx_setting_kind(const struct btx_setting *setting)
{
    static const char *const kinds[] = {
        [BTX_SETTING_COUNT] = "number",      [BTX_SETTING_BYTES] = "bytes",
        [BTX_SETTING_DURATION] = "duration", [BTX_SETTING_SWITCH] = "switch",
        [BTX_SETTING_WORD] = "word",         [BTX_SETTING_TEXT] = "text",
        [BTX_SETTING_PATH] = "path",         [BTX_SETTING_CORES] = "CPU cores",
    };
    static_assert(BTX_COUNT_OF(kinds) == BTX_SETTING_UNIT_COUNT, "each has a name");

    CHECK(setting->unit < BTX_SETTING_UNIT_COUNT);
    return kinds[setting->unit];
}

const char *btx_setting_units(const struct btx_setting *setting)
{
    if (setting->unit == BTX_SETTING_BYTES)
        return "KiB, MiB, GiB, TiB";
    return setting->unit == BTX_SETTING_DURATION ? "ns, us, ms, s, min, h, d" : "";
}

/* ---- Bounds in words ---- */

/* Two numbers and what stands between them. */
enum { RANGE_BYTES = 2 * BTX_SETTING_TEXT_BYTES + 2 };

/* "4", or "1..4". */
static void print_range(const struct btx_setting *setting, char ret_text[RANGE_BYTES])
{
    struct btx_setting bare = *setting;
    char minimum[BTX_SETTING_TEXT_BYTES];
    char maximum[BTX_SETTING_TEXT_BYTES];

    bare.off = false; /* A bound of 0 is a number. */
    if (!btx_setting_is_number(setting))
        bare.unit = BTX_SETTING_COUNT;
    btx_setting_print(&bare, setting->minimum, minimum);
    btx_setting_print(&bare, setting->maximum, maximum);
    if (setting->minimum == setting->maximum)
        (void)snprintf(ret_text, RANGE_BYTES, "%s", minimum); /* Fits. */
    else
        (void)snprintf(ret_text, RANGE_BYTES, "%s..%s", minimum, maximum);
}

/* "required or off". */
static void print_words(const struct btx_setting *setting, char *text, size_t size_bytes)
{
    size_t length = 0;

    text[0] = '\0';
    for (size_t i = 0; setting->words[i] != NULL && length < size_bytes; i++) {
        const char *between = i == 0 ? "" : setting->words[i + 1] == NULL ? " or " : ", ";

        length += (size_t)snprintf(text + length, size_bytes - length, "%s%s", between,
                                   setting->words[i]); /* Cut is fine. */
    }
}

void btx_setting_print_bounds(const struct btx_setting *setting, char *text, size_t size_bytes)
{
    const char *off = setting->off ? "off or " : "";
    char range[RANGE_BYTES];

    if (setting->unit == BTX_SETTING_SWITCH) {
        (void)snprintf(text, size_bytes, "true or false"); /* Cut is fine, here and below. */
        return;
    }
    if (setting->unit == BTX_SETTING_WORD) {
        print_words(setting, text, size_bytes);
        return;
    }
    print_range(setting, range);
    if (setting->unit == BTX_SETTING_TEXT)
        (void)snprintf(text, size_bytes, "%s characters of %s", range,
                       setting->alphabet == NULL ? "printable ASCII" : setting->alphabet);
    else if (setting->unit == BTX_SETTING_PATH)
        (void)snprintf(text, size_bytes,
                       "an absolute path of at most %" PRIu64 " characters, without '..'",
                       setting->maximum);
    else if (setting->unit == BTX_SETTING_CORES)
        (void)snprintf(text, size_bytes, "%s%s different CPU cores of 0..%d, as in '2,3'", off,
                       range, BTX_SETTING_CORE_LAST);
    else
        (void)snprintf(text, size_bytes, "%s%s%s", off,
                       setting->power_of_two ? "a power of two, " : "", range);
}

/* What an operator wrote, with what could steer his terminal taken out, and not longer than needed
 * to know it again. */
static void quote(const char *text, char ret_quoted[BTX_SETTING_TEXT_BYTES])
{
    size_t length = 0;

    while (text[length] != '\0' && length < BTX_SETTING_TEXT_BYTES - 1) {
        ret_quoted[length] = text[length] >= ' ' && text[length] <= '~' ? text[length] : '?';
        length++;
    }
    ret_quoted[length] = '\0';
    if (text[length] != '\0')
        memcpy(ret_quoted + length - 3, "...", 3);
}

enum btx_fault_code btx_setting_refuse(const struct btx_setting *setting, const char *text,
                                       struct btx_fault *reterr_fault)
{
    char bounds[BTX_SETTING_BOUNDS_BYTES];
    char quoted[BTX_SETTING_TEXT_BYTES];

    btx_setting_print_bounds(setting, bounds, sizeof bounds);
    quote(text, quoted);
    return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0, "want %s, got '%s'", bounds, quoted);
}

/* ---- Reading ---- */

/* Whether @alphabet, such as "a-z0-9_", has @character. */
static bool in_alphabet(const char *alphabet, char character)
{
    while (*alphabet != '\0') {
        const bool is_range = alphabet[1] == '-' && alphabet[2] != '\0';

        if (character >= alphabet[0] && character <= (is_range ? alphabet[2] : alphabet[0]))
            return true;
        alphabet += is_range ? 3 : 1;
    }
    return false;
}

static bool check_text(const struct btx_setting *setting, const char *text)
{
    const char *alphabet = setting->alphabet == NULL ? " -~" : setting->alphabet;
    size_t length = 0;

    for (; text[length] != '\0'; length++) {
        if (length == setting->maximum || !in_alphabet(alphabet, text[length]))
            return false;
    }
    return length >= setting->minimum;
}

/* One spelling for each place: programs compare paths, and look for what lies beneath them. */
static bool check_path(const struct btx_setting *setting, const char *text)
{
    const size_t length = strnlen(text, setting->maximum + 1);

    if (length > setting->maximum || text[0] != '/' || (length > 1 && text[length - 1] == '/'))
        return false;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < ' ' || text[i] > '~')
            return false;
        if (text[i] == '/' &&
            (text[i + 1] == '/' || strcmp(text + i, "/.") == 0 || strcmp(text + i, "/..") == 0 ||
             strncmp(text + i, "/./", 3) == 0 || strncmp(text + i, "/../", 4) == 0))
            return false;
    }
    return true;
}

static bool take_core(struct btx_setting_cores *cores, uint64_t core)
{
    for (uint64_t i = 0; i < cores->count; i++) {
        if (cores->cores[i] == core)
            return false;
    }
    if (core > BTX_SETTING_CORE_LAST || cores->count == BTX_SETTING_CORES_MAX)
        return false;
    cores->cores[cores->count++] = core;
    return true;
}

/* "2,3", with or without a space behind a comma. */
static bool parse_cores(const struct btx_setting *setting, const char *text,
                        struct btx_setting_cores *ret_cores)
{
    *ret_cores = (struct btx_setting_cores){0};
    if (setting->off && strcmp(text, "off") == 0)
        return true;
    for (;;) {
        uint64_t core = 0;
        int digits = 0;

        for (; *text >= '0' && *text <= '9' && digits < 5; text++, digits++)
            core = 10 * core + (uint64_t)(*text - '0');
        if (digits == 0 || !take_core(ret_cores, core))
            return false;
        if (*text == '\0')
            break;
        if (*text++ != ',')
            return false;
        text += *text == ' ' ? 1 : 0;
    }
    return ret_cores->count >= setting->minimum && ret_cores->count <= setting->maximum;
}

enum btx_fault_code btx_setting_read(const struct btx_setting *setting, const char *text,
                                     void *values, struct btx_fault *reterr_fault)
{
    void *value = (char *)values + setting->offset_bytes;
    struct btx_setting_cores cores;

    if (btx_setting_is_number(setting))
        return btx_setting_parse(setting, text, value, reterr_fault);
    if (setting->unit == BTX_SETTING_CORES) {
        if (!parse_cores(setting, text, &cores))
            return btx_setting_refuse(setting, text, reterr_fault);
        memcpy(value, &cores, sizeof cores);
        return BTX_OK;
    }
    CHECK(setting->maximum <= BTX_SETTING_CHARACTERS_MAX);
    if (!(setting->unit == BTX_SETTING_TEXT ? check_text : check_path)(setting, text))
        return btx_setting_refuse(setting, text, reterr_fault);
    /* All of it: what lay there before must not be found behind the text. */
    memset(value, 0, setting->maximum + 1);
    memcpy(value, text, strlen(text));
    return BTX_OK;
}

/* ---- Showing ---- */

void btx_setting_show(const struct btx_setting *setting, const void *values,
                      char ret_text[BTX_SETTING_SHOWN_BYTES])
{
    const void *value = (const char *)values + setting->offset_bytes;
    const struct btx_setting_cores *cores = value;
    size_t length = 0;

    if (btx_setting_is_number(setting)) {
        btx_setting_print(setting, *(const uint64_t *)value, ret_text);
        return;
    }
    if (setting->unit != BTX_SETTING_CORES) {
        (void)snprintf(ret_text, BTX_SETTING_SHOWN_BYTES, "%s", (const char *)value); /* Fits. */
        return;
    }
    if (cores->count == 0)
        (void)snprintf(ret_text, BTX_SETTING_SHOWN_BYTES, "off");
    /* 16 of them, of 4 digits and a comma each, fit. */
    for (uint64_t i = 0; i < cores->count; i++)
        length += (size_t)snprintf(ret_text + length, BTX_SETTING_SHOWN_BYTES - length,
                                   "%s%" PRIu64, i == 0 ? "" : ",", cores->cores[i]);
}

void btx_setting_show_default(const struct btx_setting *setting,
                              char ret_text[BTX_SETTING_SHOWN_BYTES])
{
    if (btx_setting_is_number(setting))
        btx_setting_print(setting, setting->fallback, ret_text);
    else
        (void)snprintf(ret_text, BTX_SETTING_SHOWN_BYTES, "%s", setting->fallback_text); /* Fits. */
}

void btx_setting_defaults(const struct btx_setting *settings, size_t count, void *values)
{
    for (size_t i = 0; i < count; i++) {
        if (btx_setting_is_number(&settings[i]))
            *btx_setting_value(&settings[i], values) = settings[i].fallback;
        else
            CHECK(btx_setting_read(&settings[i], settings[i].fallback_text, values, NULL) ==
                  BTX_OK);
    }
}
