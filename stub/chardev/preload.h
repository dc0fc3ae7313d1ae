/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What char-argo.c uses of QEMU and GLib, for an object that is preloaded
 * into a QEMU that exports its symbols: no header of either is needed. The
 * structures are those of the versions that preload.c knows, and it looks
 * before anything is done. Symbols are weak, so that a program without them
 * starts as ever.
 */
#ifndef CHAR_ARGO_PRELOAD_H
#define CHAR_ARGO_PRELOAD_H

#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* That of the functions of a chardev's class. */
#define QEMU_VERSION_MAJOR 7
#define QEMU_VERSION_MINOR 2

#define FOREIGN extern __attribute__((weak, visibility("default")))

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define ARRAY_SIZE(x) (sizeof(x) / sizeof *(x))

/* ---- GLib */

typedef int gboolean, gint;
typedef unsigned guint;
typedef void *gpointer;
typedef struct GMainContext GMainContext;
typedef struct GSource GSource;
typedef gboolean (*GSourceFunc)(gpointer);

typedef enum GIOCondition {
    G_IO_IN = 1,
    G_IO_OUT = 4,
} GIOCondition;

enum { G_SOURCE_CONTINUE = 1, G_PRIORITY_HIGH = -100 };

struct GSource {
    void *callback[2], *functions;
    guint references;
    GMainContext *context;
    gint priority;
    guint flags, id;
    void *rest[5];
};

typedef struct GSourceFuncs {
    gboolean (*prepare)(GSource *, gint *);
    gboolean (*check)(GSource *);
    gboolean (*dispatch)(GSource *, GSourceFunc, gpointer);
    void (*finalize)(GSource *);
    void *closure[2];
} GSourceFuncs;

FOREIGN GSource *g_source_new(GSourceFuncs *, guint);
FOREIGN guint g_source_attach(GSource *, GMainContext *);
FOREIGN void g_source_destroy(GSource *);
FOREIGN gboolean g_source_is_destroyed(GSource *);
FOREIGN void g_source_unref(GSource *);
FOREIGN void g_source_set_priority(GSource *, gint);
FOREIGN void g_source_set_name(GSource *, const char *);
FOREIGN void g_source_set_ready_time(GSource *, int64_t);
FOREIGN gpointer g_source_add_unix_fd(GSource *, gint, GIOCondition);
FOREIGN void g_source_modify_unix_fd(GSource *, gpointer, GIOCondition);
FOREIGN void g_source_remove_unix_fd(GSource *, gpointer);
FOREIGN GIOCondition g_source_query_unix_fd(GSource *, gpointer);
FOREIGN int64_t g_get_monotonic_time(void);
FOREIGN char *g_strdup_printf(const char *, ...) __attribute__((format(printf, 1, 2)));
FOREIGN void *g_malloc0(size_t);
FOREIGN void g_free(gpointer);

/* ---- QEMU's objects */

typedef struct ObjectClass ObjectClass;

typedef struct Object {
    ObjectClass *class;
    void *free, *properties;
    uint32_t references;
    void *parent;
} Object;

typedef struct TypeInfo {
    const char *name, *parent;
    size_t instance_size, instance_align;
    void (*instance_init)(Object *);
    void (*instance_post_init)(Object *);
    void (*instance_finalize)(Object *);
    bool abstract;
    size_t class_size;
    void (*class_init)(ObjectClass *, void *);
    void (*class_base_init)(ObjectClass *, void *);
    void *class_data, *interfaces;
} TypeInfo;

FOREIGN void *type_register_static(const TypeInfo *);

#define DECLARE_INSTANCE_CHECKER(Type, NAME, TYPE) \
    static inline Type *NAME(void *object) { return object; }

#define type_init(function) \
    void char_argo_register(void) { function(); }

/* ---- its options and errors */

typedef struct Error Error;
typedef struct QemuOpts QemuOpts;

typedef struct QemuOptDesc {
    const char *name;
    enum { QEMU_OPT_STRING, QEMU_OPT_BOOL } type;
    const char *help, *def_value_str;
} QemuOptDesc;

typedef struct QemuOptsList {
    const char *name, *implied_opt_name;
    bool merge_lists;
    struct {
        void *first, *last;
    } head;
    QemuOptDesc desc[];
} QemuOptsList;

FOREIGN QemuOptsList qemu_chardev_opts;
FOREIGN void qemu_add_opts(QemuOptsList *);
FOREIGN const char *qemu_opt_get(QemuOpts *, const char *);
FOREIGN void error_setg_internal(Error **, const char *, int, const char *, const char *, ...)
    __attribute__((format(printf, 5, 6)));
FOREIGN void warn_report(const char *, ...) __attribute__((format(printf, 1, 2)));

#define error_setg(errp, ...) error_setg_internal(errp, __FILE__, __LINE__, __func__, __VA_ARGS__)

/* ---- its chardevs */

typedef enum QEMUChrEvent {
    CHR_EVENT_OPENED = 1,
    CHR_EVENT_CLOSED = 4,
} QEMUChrEvent;

typedef struct ChardevCommon ChardevCommon;

typedef struct ChardevBackend {
    int type; /* QEMU has set it to that of null, which has nothing but what is common */
    union {
        struct {
            ChardevCommon *data;
        } null;
    } u;
} ChardevBackend;

typedef struct Chardev {
    Object parent_obj;
    struct {
        pthread_mutex_t lock;
        bool initialized;
    } chr_write_lock;
    void *front_end;
    char *label, *filename;
    int logfd, be_open;
    bool handover_yank_instance;
    GSource *gsource;
    GMainContext *gcontext;
    unsigned long features[1];
} Chardev;

typedef struct ChardevClass {
    struct {
        void *type, *interfaces, *casts[8], *unparent, *properties;
    } parent_class;
    bool internal, supports_yank;
    void (*parse)(QemuOpts *, ChardevBackend *, Error **);
    void (*open)(Chardev *, ChardevBackend *, bool *, Error **);
    int (*chr_write)(Chardev *, const uint8_t *, int);
    void *chr_sync_read;
    GSource *(*chr_add_watch)(Chardev *, GIOCondition);
    void (*chr_update_read_handler)(Chardev *);
    void *chr_ioctl, *get_msgfds, *set_msgfds, *chr_add_client, *chr_wait_connected, *chr_disconnect;
    void (*chr_accept_input)(Chardev *);
} ChardevClass;

FOREIGN void qemu_chr_parse_common(QemuOpts *, ChardevCommon *);
FOREIGN int qemu_chr_be_can_write(Chardev *);
FOREIGN void qemu_chr_be_write(Chardev *, const uint8_t *, int);
FOREIGN void qemu_chr_be_event(Chardev *, QEMUChrEvent);

#define TYPE_CHARDEV "chardev"
#define OBJECT(x) ((Object *)(x))
#define CHARDEV(x) ((Chardev *)(x))
#define CHARDEV_CLASS(x) ((ChardevClass *)(x))

/* ---- its version */

typedef struct VersionTriple {
    int64_t major, minor, micro;
} VersionTriple;

typedef struct VersionInfo {
    VersionTriple *qemu;
    /* and more */
} VersionInfo;

FOREIGN VersionInfo *qmp_query_version(Error **);
FOREIGN void qapi_free_VersionInfo(VersionInfo *);

void char_argo_register(void);

#endif
