/* SPDX-License-Identifier: Apache-2.0 */
/* init.c - betex-init: the first process of the appliance, from the initrd to the verified root.
 *
 * Its one job is that nothing runs that is not in the image: it finds the two partitions that the
 * root hash of the (signed) command line names, lets the kernel verify one with the other, reads
 * all of it once, so that damage shows now and not when a block happens to be needed, and becomes
 * the init of that root.
 *
 * Whatever goes wrong is said on the console and ends the process, at which the kernel panics and
 * reboots by itself (panic= of the command line): there is no shell to fall into. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/check.h"

#include "image/disk/layout.h"
#include "image/disk/partition_search.h"
#include "image/init/command_line.h"
#include "image/init/device_mapper.h"
#include "image/init/modules.h"
#include "image/init/verity.h"

#define NEW_ROOT "/new-root"

enum {
    LINE_BYTES = 1024,
    MODALIAS_BYTES = 512,
    TABLE_BYTES_MAX = 1 << 20,
    READ_BYTES = 1 << 20,
    SEARCH_STEP_MS = 50,
    SEARCH_SAY_STEPS = 5 * 1000 / SEARCH_STEP_MS,  /* a disk that needs longer is worth a line */
    SEARCH_STEPS_MAX = 90 * 1000 / SEARCH_STEP_MS, /* large RAID controllers take a minute */
};

/* Urgency of a line to the kernel's log: with "quiet" the console shows 3 and less. */
enum urgency { CRITICAL = 2, NOTICE = 5 };

struct init {
    int kmsg; /* -1 before /dev is there */
    struct btx_modules modules;
    char root_hash[BTX_ROOT_HASH_BYTES];
    struct btx_guid data_guid; /* of the partition with the root */
    struct btx_guid hash_guid; /* of the partition with its hashes */
    struct btx_places data;
    struct btx_places hash;
};

static void say(const struct init *init, enum urgency urgency, const char *format, ...)
    BTX_PRINTF(3, 4);
BTX_NORETURN static void die(const struct init *init, const char *format, ...) BTX_PRINTF(2, 3);

static void say_list(const struct init *init, enum urgency urgency, const char *format,
                     va_list arguments)
{
    char line[LINE_BYTES];
    int length = snprintf(line, sizeof(line), "<%d>betex-init: ", (int)urgency);

    (void)vsnprintf(line + length, sizeof(line) - (size_t)length, format, arguments);
    if (init->kmsg < 0 || write(init->kmsg, line, strlen(line)) < 0)
        (void)dprintf(STDERR_FILENO, "%s\n", line + sizeof("<2>") - 1);
}

static void say(const struct init *init, enum urgency urgency, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_list(init, urgency, format, arguments);
    va_end(arguments);
}

/* The end of process 1 is a panic of the kernel, which reboots. */
static void die(const struct init *init, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    say_list(init, CRITICAL, format, arguments);
    va_end(arguments);
    say(init, CRITICAL, "refusing to start; the machine reboots");
    _exit(EXIT_FAILURE);
}

static void sleep_ms(long ms)
{
    const struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&wait, NULL); /* Woken earlier is no harm. */
}

/* --- Files ------------------------------------------------------------------------------------ */

/* The file @path as a text in memory that is never given back; NULL when it cannot be read. */
static char *text_of(const char *path, size_t bytes_max)
{
    char *text = malloc(bytes_max);
    size_t length_bytes = 0;
    ssize_t got = 1;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || text == NULL)
        return NULL;
    while (got > 0 && length_bytes < bytes_max - 1) {
        got = read(fd, text + length_bytes, bytes_max - 1 - length_bytes);
        length_bytes += got > 0 ? (size_t)got : 0;
    }
    (void)close(fd); /* It was only read. */
    text[length_bytes] = '\0';
    return got == 0 ? text : NULL;
}

static void mount_kernel_filesystems(struct init *init)
{
    static const struct {
        const char *type;
        const char *where;
        const char *options;
    } all[] = {
        {"devtmpfs", "/dev", "mode=0755"},
        {"proc", "/proc", ""},
        {"sysfs", "/sys", ""},
    };

    for (size_t i = 0; i < BTX_COUNT_OF(all); i++) {
        (void)mkdir(all[i].where, 0755); /* mount() says it when there is none. */
        if (mount(all[i].type, all[i].where, all[i].type, MS_NOSUID, all[i].options) != 0)
            die(init, "mounting %s: %s", all[i].where, strerror(errno));
    }
    init->kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
}

static void read_command_line(struct init *init)
{
    const char *text = text_of("/proc/cmdline", LINE_BYTES * 4);

    if (text == NULL || !btx_command_line_root_hash(text, init->root_hash))
        die(init, "the kernel's command line must have one roothash= of %d hexadecimal digits",
            BTX_ROOT_HASH_DIGITS);
    /* The image's partitions are named after the halves of the root hash. */
    CHECK(btx_guid_from_digits(init->root_hash, &init->data_guid));
    CHECK(btx_guid_from_digits(init->root_hash + BTX_ROOT_HASH_DIGITS / 2, &init->hash_guid));
}

/* --- Modules ---------------------------------------------------------------------------------- */

/* A file is removed when it is loaded: that gives its memory back, and says that it was. */
static enum btx_fault_code module_load(const char *file, void *context,
                                       struct btx_fault *reterr_fault)
{
    const int fd = open(file, O_RDONLY | O_CLOEXEC);

    (void)context;
    if (fd < 0)
        return errno == ENOENT ? BTX_OK
                               : btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", file);
    if (syscall(SYS_finit_module, fd, "", 0) != 0 && errno != EEXIST && errno != ENODEV)
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "loading %s", file);
    (void)close(fd);
    (void)unlink(file); /* A second try would not be better. */
    return reterr_fault->code;
}

/* Load what the devices of one bus ask for. */
static void load_for_bus(const struct init *init, const char *bus)
{
    char path[LINE_BYTES];
    char modalias[MODALIAS_BYTES];
    struct dirent *entry;
    DIR *devices;

    (void)snprintf(path, sizeof(path), "/sys/bus/%s/devices", bus);
    devices = opendir(path);
    if (devices == NULL)
        return; /* This machine has no such bus, or not yet. */
    while ((entry = readdir(devices)) != NULL) {
        struct btx_fault fault = {0};
        ssize_t length;
        int fd;

        (void)snprintf(path, sizeof(path), "/sys/bus/%s/devices/%s/modalias", bus, entry->d_name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        length = read(fd, modalias, sizeof(modalias) - 1);
        (void)close(fd);
        if (length <= 0)
            continue;
        modalias[length] = '\0';
        modalias[strcspn(modalias, "\n")] = '\0';
        if (btx_modules_load_for(&init->modules, modalias, &fault) != BTX_OK)
            say(init, CRITICAL, "%s", fault.text);
    }
    (void)closedir(devices);
}

static void load_modules(struct init *init)
{
    struct btx_fault fault = {0};

    init->modules =
        (struct btx_modules){text_of("/modules.table", TABLE_BYTES_MAX), module_load, NULL};
    if (init->modules.table == NULL)
        die(init, "the initrd is not whole: /modules.table cannot be read");
    if (btx_modules_load_always(&init->modules, &fault) != BTX_OK)
        say(init, CRITICAL, "%s", fault.text); /* What needs it will say what it could not do. */
}

/* --- The root --------------------------------------------------------------------------------- */

static bool is_guid(const struct btx_gpt_partition *partition, const void *guid)
{
    return btx_guid_equal(&partition->unique, guid);
}

static void search(struct init *init, const struct btx_guid *guid, struct btx_places *places)
{
    const struct btx_machine machine = {.root = ""};
    struct btx_fault fault = {0};

    if (btx_partition_search(&machine, is_guid, guid, places, NULL, &fault) != BTX_OK)
        die(init, "%s", fault.text);
}

/* Controllers are found, their drivers loaded, and their disks appear, each in its own time. */
static void find_root(struct init *init)
{
    static const char *const buses[] = {"pci", "virtio", "usb", "scsi"};
    char path[LINE_BYTES];

    for (int step = 0;; step++) {
        for (size_t i = 0; i < BTX_COUNT_OF(buses); i++)
            load_for_bus(init, buses[i]);
        search(init, &init->data_guid, &init->data);
        search(init, &init->hash_guid, &init->hash);
        if (init->data.count > 0 && init->hash.count > 0) {
            (void)snprintf(path, sizeof(path), "/dev/%s", init->hash.places[0].device);
            if (access(path, R_OK) == 0)
                break;
        }
        if (step == SEARCH_SAY_STEPS)
            say(init, CRITICAL, "waiting for the disk with this version of the system");
        if (step == SEARCH_STEPS_MAX)
            die(init, "no disk has this version of the system (root hash %s)", init->root_hash);
        sleep_ms(SEARCH_STEP_MS);
    }
    if (init->data.count > 1 || init->hash.count > 1)
        die(init, "two disks have this version of the system (%s and %s): remove one",
            init->data.places[0].disk, init->data.places[init->data.count - 1].disk);
    if (strcmp(init->data.places[0].disk, init->hash.places[0].disk) != 0)
        die(init, "the root is on %s, and its hashes are on %s: they belong on one disk",
            init->data.places[0].disk, init->hash.places[0].disk);
}

static void read_superblock(const struct init *init, const char *device,
                            struct btx_verity *ret_verity)
{
    uint8_t superblock[BTX_VERITY_SUPERBLOCK_BYTES];
    struct btx_fault fault = {0};
    const int fd = open(device, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || pread(fd, superblock, sizeof(superblock), 0) != (ssize_t)sizeof(superblock))
        die(init, "reading %s: %s", device, strerror(errno));
    (void)close(fd);
    if (btx_verity_decode(superblock, ret_verity, &fault) != BTX_OK)
        die(init, "%s: %s", device, fault.text);
}

/* Verity is lazy: a block that is damaged is found when it is read, which may be in a month. */
static void read_all(const struct init *init, const char *device)
{
    char *bytes = malloc(READ_BYTES);
    const int fd = open(device, O_RDONLY | O_CLOEXEC);
    ssize_t got = 1;

    if (fd < 0 || bytes == NULL)
        die(init, "opening %s: %s", device, strerror(errno));
    while (got > 0)
        got = read(fd, bytes, READ_BYTES);
    if (got < 0)
        die(init, "the root is damaged: reading %s: %s", device, strerror(errno));
    (void)close(fd);
    free(bytes);
}

static void mount_root(const struct init *init)
{
    char data[BTX_DEVICE_NAME_BYTES + sizeof("/dev/")];
    char hash[BTX_DEVICE_NAME_BYTES + sizeof("/dev/")];
    char device[BTX_MAPPED_DEVICE_BYTES];
    char table[BTX_VERITY_TABLE_BYTES];
    struct btx_fault fault = {0};
    struct btx_verity verity;

    (void)snprintf(data, sizeof(data), "/dev/%s", init->data.places[0].device);
    (void)snprintf(hash, sizeof(hash), "/dev/%s", init->hash.places[0].device);
    read_superblock(init, hash, &verity);
    if (btx_verity_table(&verity, data, hash, init->root_hash, table, &fault) != BTX_OK ||
        btx_device_mapper_create("root", "CRYPT-VERITY-betex-root", "verity",
                                 btx_verity_sectors(&verity), table, device, &fault) != BTX_OK)
        die(init, "%s", fault.text);
    say(init, NOTICE, "verifying the root on %s", init->data.places[0].disk);
    read_all(init, device);
    say(init, NOTICE, "the root is what was signed: %" PRIu64 " blocks", verity.data_blocks);
    (void)mkdir(NEW_ROOT, 0755);
    if (mount(device, NEW_ROOT, "squashfs", MS_RDONLY | MS_NODEV | MS_NOSUID, "") != 0)
        die(init, "mounting the root: %s", strerror(errno));
}

/* --- Handing over ----------------------------------------------------------------------------- */

/* What later steps must find on the disk that was booted from, and on no other. */
static bool is_config(const struct btx_gpt_partition *partition, const void *context)
{
    (void)context;
    return strcmp(partition->label, BTX_CONFIG_LABEL) == 0;
}

static void leave_links(const struct init *init)
{
    const struct btx_machine machine = {.root = ""};
    struct btx_fault fault = {0};
    struct btx_places found;
    char path[LINE_BYTES];

    if (mount("tmpfs", NEW_ROOT "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=20%") != 0 ||
        mkdir(NEW_ROOT BTX_DEVICES_FOLDER, 0755) != 0)
        die(init, "making /run: %s", strerror(errno));
    if (btx_partition_search(&machine, is_config, NULL, &found, NULL, &fault) != BTX_OK)
        die(init, "%s", fault.text);
    for (uint32_t i = 0; i < found.count; i++) {
        if (strcmp(found.places[i].disk, init->data.places[0].disk) != 0)
            continue;
        (void)snprintf(path, sizeof(path), "/dev/%s", found.places[i].device);
        if (symlink(path, NEW_ROOT BTX_DEVICES_FOLDER "/config") != 0)
            die(init, "two partitions %s on %s: want one", BTX_CONFIG_LABEL, found.places[i].disk);
    }
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)where;
    if (kind == FTW_DP)
        (void)rmdir(path); /* Mount points stay. */
    else
        (void)unlink(path);
    return 0;
}

/* Give back the memory of the initrd.  Only of it: what else could be mounted at / is no place for
 * this program. */
static void remove_initrd(void)
{
    struct statfs filesystem;

    if (statfs("/", &filesystem) == 0 &&
        (filesystem.f_type == RAMFS_MAGIC || filesystem.f_type == TMPFS_MAGIC))
        (void)nftw("/", remove_entry, 16, FTW_DEPTH | FTW_MOUNT | FTW_PHYS);
}

BTX_NORETURN static void become_root(const struct init *init)
{
    static const char *const moved[] = {"/dev", "/proc", "/sys"};
    char path[LINE_BYTES];

    for (size_t i = 0; i < BTX_COUNT_OF(moved); i++) {
        (void)snprintf(path, sizeof(path), NEW_ROOT "%s", moved[i]);
        if (mount(moved[i], path, NULL, MS_MOVE, NULL) != 0)
            die(init, "moving %s: %s", moved[i], strerror(errno));
    }
    if (chdir(NEW_ROOT) != 0)
        die(init, "entering the root: %s", strerror(errno));
    remove_initrd();
    if (mount(".", "/", NULL, MS_MOVE, NULL) != 0 || chroot(".") != 0 || chdir("/") != 0)
        die(init, "becoming the root: %s", strerror(errno));
    (void)execl("/usr/lib/systemd/systemd", "systemd", (char *)NULL);
    die(init, "starting systemd: %s", strerror(errno));
}

int main(void)
{
    struct init init = {.kmsg = -1};

    if (getpid() != 1) {
        fputs("betex-init is the first process of a machine, and nothing else\n", stderr);
        return EXIT_FAILURE;
    }
    mount_kernel_filesystems(&init);
    say(&init, NOTICE, "version " BTX_VERSION);
    read_command_line(&init);
    load_modules(&init);
    find_root(&init);
    mount_root(&init);
    leave_links(&init);
    become_root(&init);
}
