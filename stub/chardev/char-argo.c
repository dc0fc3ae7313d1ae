/*
 * SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Chardevs "argo" and "v4v": a monitor or console whose other end is in
 * another domain of a Xen host. What the bytes mean is in core.c and out.c,
 * how they move in device.c; this is what QEMU has to do with both.
 *
 * A GSource in the front end's context, which may be a thread of its own,
 * receives, tells the front end, and tries again what a full ring refused.
 * Output may come from any thread. Both change the core under `lock`, which
 * is never held while the front end is called, since that writes from there.
 */
#ifdef CHAR_ARGO_PRELOAD
#include "preload.h"
#else
#include "qemu/osdep.h"
#include "chardev/char.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/module.h"
#include "qemu/option.h"
#endif

#include "char-argo.h"
#include "address.h"
#include "device.h"
#include "stub.h"

#define TYPE_CHARDEV_ARGO "chardev-argo"
#define TYPE_CHARDEV_V4V "chardev-v4v"

#define QEMU_IS(major, minor) \
    (QEMU_VERSION_MAJOR > (major) || \
     (QEMU_VERSION_MAJOR == (major) && QEMU_VERSION_MINOR >= (minor)))

enum {
    AT_ONCE = 64,             /* datagrams each way, for others' turn */
    PIECE = 4096,             /* bytes for the front end in one turn */
    DIAL_WITHIN = 5000,       /* ms; the drivers have no timer of their own */
    LINES = 10,               /* of the log at once, one more each second */
};

typedef enum Link {
    LINK_DOWN,    /* to be dialled at `link_at` */
    LINK_DIALLED, /* given up at `link_at` */
    LINK_UP,      /* as datagrams are from the start */
} Link;

typedef struct ArgoChardev {
    Chardev parent;

    Address address;
    char *name;
    uint8_t *received;
    /* Only in the source's context: what came waits for the front end. */
    bool held;

    pthread_mutex_t lock; /* for all below */
    StubCore *core;       /* NULL: not open */
    int device;           /* -1: to be opened again */
    Link link;
    uint64_t link_at, rest_until;
    GSource *source;
    bool again;       /* the source has more to do at once */
    gpointer watched; /* the device, in the source */
    GIOCondition watched_for;
    int lines;
    uint64_t lines_at, sessions, foreign;
    bool is_open;
} ArgoChardev;

DECLARE_INSTANCE_CHECKER(ArgoChardev, ARGO_CHARDEV, TYPE_CHARDEV_ARGO)

typedef struct ArgoSource {
    GSource parent;
    ArgoChardev *argo;
} ArgoSource;

/* For what device.c sends from, which is one for all chardevs. */
static pthread_mutex_t sending = PTHREAD_MUTEX_INITIALIZER;

static uint64_t clock_ms(void)
{
    return (uint64_t)g_get_monotonic_time() / 1000;
}

/* ---- the link to the peer, under lock */

static bool open_device(ArgoChardev *s, Reason *why)
{
    pthread_mutex_lock(&sending);
    s->device = device_open(&s->address, why);
    pthread_mutex_unlock(&sending);
    return s->device >= 0;
}

static ssize_t send_piece(ArgoChardev *s, const uint8_t *data, size_t length)
{
    ssize_t n;

    pthread_mutex_lock(&sending);
    n = device_send(s->device, data, length,
                    s->address.stream ? NULL : &s->address);
    pthread_mutex_unlock(&sending);
    return n;
}

static void unwatch(ArgoChardev *s)
{
    if (s->watched) {
        g_source_remove_unix_fd(s->source, s->watched);
        s->watched = NULL;
    }
}

static void hang_up(ArgoChardev *s, uint64_t again)
{
    unwatch(s);
    close(s->device);
    s->device = -1;
    s->link = LINK_DOWN;
    s->link_at = again;
}

static void dialled(ArgoChardev *s, int result, uint64_t now)
{
    if (result == 0) {
        s->link = LINK_UP;
        stub_came(s->core, now);
    } else if (result == -EINPROGRESS || result == -EAGAIN ||
               result == -EINTR) {
        s->link = LINK_DIALLED;
        s->link_at = now + DIAL_WITHIN;
    } else {
        hang_up(s, now + STUB_AGAIN);
    }
}

/* Of streams: dials, and dials again. */
static void serve_link(ArgoChardev *s, uint64_t now)
{
    Reason why;

    if (!s->address.stream) {
        return;
    }
    if (s->link == LINK_UP && !stub_open(s->core)) {
        hang_up(s, now + STUB_AGAIN); /* it is the core that gave up */
    }
    if (s->link == LINK_DIALLED && s->watched &&
        g_source_query_unix_fd(s->source, s->watched)) {
        dialled(s, device_connected(s->device), now);
    }
    if (s->link == LINK_DIALLED && now >= s->link_at) {
        hang_up(s, now + STUB_AGAIN);
    }
    if (s->link == LINK_DOWN && now >= s->link_at) {
        if (s->device < 0 && !open_device(s, &why)) {
            s->link_at = now + STUB_AGAIN;
            return;
        }
        dialled(s, device_connect(s->device, &s->address), now);
    }
}

/* Whether what comes can be kept. */
static bool has_room(ArgoChardev *s)
{
    return s->link == LINK_UP && stub_room(s->core) >= STUB_DATAGRAM;
}

static void take(ArgoChardev *s, ssize_t n, uint32_t domain, uint32_t port,
                 uint64_t now)
{
    if (!s->address.stream) {
        stub_hear(s->core, now, domain, port, s->received,
                  MIN((size_t)n, STUB_DATAGRAM), n);
    } else if (n > 0) {
        stub_feed(s->core, now, s->received, n);
    } else {
        stub_left(s->core, now);
        hang_up(s, now + STUB_AGAIN);
    }
}

/* Whether there may be more. */
static bool receive(ArgoChardev *s, uint64_t now)
{
    for (int i = 0; i < AT_ONCE && has_room(s); i++) {
        uint32_t domain = 0, port = 0;
        bool stream = s->address.stream;
        ssize_t n = device_receive(s->device, s->received, STUB_DATAGRAM,
                                   stream ? NULL : &domain, &port);

        if (n == -EAGAIN) {
            return false;
        }
        if (n == -EINTR) {
            return true;
        }
        if (n >= 0 || stream) {
            take(s, n, domain, port, now);
        } else {
            /* It may stay readable: a moment's rest, and then again. */
            s->rest_until = now + STUB_RETRY_LAST;
            return false;
        }
    }
    return has_room(s);
}

/* Whether there is more, which no full ring holds up. */
static bool transmit(ArgoChardev *s, uint64_t now)
{
    const uint8_t *data;
    size_t length;

    for (int i = 0; i < AT_ONCE; i++) {
        if (!stub_out(s->core, now, &data, &length)) {
            return false;
        }
        stub_sent(s->core, now, s->link != LINK_UP ? -EPIPE :
                  send_piece(s, data, length));
    }
    return true;
}

/* ---- the log, under lock: what others cause is not said without end */

static bool may_tell(ArgoChardev *s, uint64_t now)
{
    uint64_t seconds = (now - s->lines_at) / 1000;

    s->lines = MIN((uint64_t)s->lines + seconds, LINES);
    s->lines_at += seconds * 1000;
    return s->lines > 0 && s->lines-- > 0;
}

static void find_news(ArgoChardev *s, uint64_t now, char *news, size_t room)
{
    const StubCounts *counts = stub_counts(s->core);
    StubEnd end = stub_end(s->core);
    bool refused = end == STUB_END_REFUSED;
    bool ended = s->is_open && (!stub_open(s->core) ||
                                counts->sessions != s->sessions);

    news[0] = '\0';
    if (counts->foreign > 0 && s->foreign == 0) {
        snprintf(news, room, "datagrams of other domains or ports come, and "
                 "are dropped");
    } else if (ended && end > STUB_END_HANGUP && may_tell(s, now)) {
        snprintf(news, room, "a session has ended: %s%s%s", stub_end_text(end),
                 refused ? ": " : "",
                 refused ? strerror(stub_error(s->core)) : "");
    }
    s->foreign = counts->foreign;
    s->sessions = counts->sessions;
    s->is_open = stub_open(s->core);
}

/* ---- the source */

static void sooner(int *timeout, uint64_t at, uint64_t now)
{
    int within = at > now ? at - now : 0;

    *timeout = *timeout < 0 ? within : MIN(*timeout, within);
}

/* Says what to wait for, under lock. */
static void arm(ArgoChardev *s, uint64_t now)
{
    int timeout = s->again ? 0 : stub_timeout(s->core, now);
    GIOCondition condition = 0;

    /* One that was destroyed is replaced soon, by who did it. */
    if (!s->source || g_source_is_destroyed(s->source)) {
        return;
    }
    if (s->link != LINK_UP) {
        sooner(&timeout, s->link_at, now);
        condition = s->link == LINK_DIALLED ? G_IO_IN | G_IO_OUT : 0;
    } else if (now < s->rest_until) {
        sooner(&timeout, s->rest_until, now);
    } else if (has_room(s)) {
        condition = G_IO_IN;
    }
    g_source_set_ready_time(s->source, timeout < 0 ? -1 :
                            g_get_monotonic_time() + timeout * INT64_C(1000));
    if (s->device < 0) {
        return;
    }
    if (!s->watched) {
        s->watched = g_source_add_unix_fd(s->source, s->device, condition);
    } else if (condition != s->watched_for) {
        g_source_modify_unix_fd(s->source, s->watched, condition);
    }
    s->watched_for = condition;
}

/* One thing for the front end, which is called without the lock. */
static bool deliver(ArgoChardev *s, int *left, int *events)
{
    Chardev *chr = CHARDEV(s);
    uint8_t piece[PIECE];
    const uint8_t *data;
    size_t length;
    int can = qemu_chr_be_can_write(chr);
    StubEvent event;

    pthread_mutex_lock(&s->lock);
    event = stub_event(s->core, clock_ms(), &data, &length);
    if (event == STUB_DATA) {
        length = can > 0 ? MIN(length, (size_t)MIN(can, *left)) : 0;
        memcpy(piece, data, length);
        stub_took(s->core, length);
    }
    pthread_mutex_unlock(&s->lock);

    s->held = event == STUB_DATA && length == 0;
    switch (event) {
    case STUB_NOTHING:
        return false;
    case STUB_OPENED:
        --*events;
        qemu_chr_be_event(chr, CHR_EVENT_OPENED);
        return true;
    case STUB_CLOSED:
        /*
         * The next session waits for the loop: a monitor that keeps output
         * writes it now, to nobody, by its watch, which is served first.
         */
        *events = 0;
        qemu_chr_be_event(chr, CHR_EVENT_CLOSED);
        return true;
    case STUB_DATA:
        break;
    }
    if (length > 0) {
        qemu_chr_be_write(chr, piece, length);
        *left -= length;
    }
    return length > 0;
}

static gboolean argo_source_prepare(GSource *source, gint *timeout)
{
    ArgoChardev *s = ((ArgoSource *)source)->argo;

    *timeout = -1;
    return s->held && qemu_chr_be_can_write(CHARDEV(s)) > 0;
}

static gboolean argo_source_dispatch(GSource *source, GSourceFunc callback,
                                     gpointer data)
{
    ArgoChardev *s = ((ArgoSource *)source)->argo;
    int left = PIECE, events = AT_ONCE;
    uint64_t now = clock_ms();
    char news[160];

    pthread_mutex_lock(&s->lock);
    s->again = false;
    serve_link(s, now);
    s->again |= receive(s, now);
    pthread_mutex_unlock(&s->lock);

    while (left > 0 && events > 0 && deliver(s, &left, &events)) {
        continue;
    }

    pthread_mutex_lock(&s->lock);
    s->again |= transmit(s, now) || left <= 0 || events <= 0;
    serve_link(s, now);
    find_news(s, now, news, sizeof(news));
    arm(s, now);
    pthread_mutex_unlock(&s->lock);
    if (news[0]) {
        warn_report("chardev %s: %s", s->name, news);
    }
    return G_SOURCE_CONTINUE;
}

static GSourceFuncs argo_source_funcs = {
    .prepare = argo_source_prepare,
    .dispatch = argo_source_dispatch,
};

static void stop(ArgoChardev *s)
{
    if (s->source) {
        unwatch(s);
        g_source_destroy(s->source);
        g_source_unref(s->source);
        s->source = NULL;
    }
}

/* The front end is there, or another one, in a context of its own. */
static void argo_chr_update_read_handler(Chardev *chr)
{
    ArgoChardev *s = ARGO_CHARDEV(chr);

    pthread_mutex_lock(&s->lock);
    stop(s);
    s->source = g_source_new(&argo_source_funcs, sizeof(ArgoSource));
    ((ArgoSource *)s->source)->argo = s;
    g_source_set_name(s->source, "chardev-argo");
    s->again = true;
    arm(s, clock_ms());
    g_source_attach(s->source, chr->gcontext);
    /* Who removes it by this pointer leaves ours; see remove_fd_in_watch(). */
    chr->gsource = s->source;
    pthread_mutex_unlock(&s->lock);
}

static void argo_chr_accept_input(Chardev *chr)
{
    ArgoChardev *s = ARGO_CHARDEV(chr);

    pthread_mutex_lock(&s->lock);
    s->again = true;
    arm(s, clock_ms());
    pthread_mutex_unlock(&s->lock);
}

/* ---- output */

/*
 * Never -1 with EAGAIN, which has those who must write everything try again
 * for ever, in the main loop. Of 0 they drop the rest, and others watch.
 */
static int argo_chr_write(Chardev *chr, const uint8_t *buf, int len)
{
    ArgoChardev *s = ARGO_CHARDEV(chr);
    uint64_t now = clock_ms();
    size_t taken;

    pthread_mutex_lock(&s->lock);
    taken = stub_write(s->core, now, buf, len);
    s->again |= transmit(s, now) || (s->is_open && !stub_open(s->core));
    arm(s, now);
    pthread_mutex_unlock(&s->lock);
    return taken;
}

static gboolean argo_watch_ready(GSource *source)
{
    ArgoChardev *s = ((ArgoSource *)source)->argo;
    bool ready;

    pthread_mutex_lock(&s->lock);
    ready = stub_writable(s->core) > 0;
    pthread_mutex_unlock(&s->lock);
    return ready;
}

static gboolean argo_watch_prepare(GSource *source, gint *timeout)
{
    *timeout = -1;
    return argo_watch_ready(source);
}

static gboolean argo_watch_dispatch(GSource *source, GSourceFunc callback,
                                    gpointer data)
{
    gboolean (*watcher)(void *, GIOCondition, void *) = (void *)callback;

    return watcher(NULL, G_IO_OUT, data);
}

static GSourceFuncs argo_watch_funcs = {
    .prepare = argo_watch_prepare,
    .check = argo_watch_ready,
    .dispatch = argo_watch_dispatch,
};

/* For who wrote more than was taken: it may write again. */
static GSource *argo_chr_add_watch(Chardev *chr, GIOCondition cond)
{
    GSource *source = g_source_new(&argo_watch_funcs, sizeof(ArgoSource));

    ((ArgoSource *)source)->argo = ARGO_CHARDEV(chr);
    g_source_set_priority(source, G_PRIORITY_HIGH);
    return source;
}

/* ---- options */

/* Takes one option, as text; NULL: it is not given. */
static bool option(Address *a, const char *key, const char *value, Reason *why)
{
    bool known;

    return !value || address_option(a, key, value, &known, why);
}

static bool complete(Address *a, Reason *why)
{
    return address_complete(a, why) &&
           (!a->server ||
            refuse(why, "server=on is qmp-stub's; this side dials"));
}

static bool parsed(QemuOpts *opts, Address *a, Reason *why)
{
    static const char *const keys[] = {
        "domid", "port", "localport", "stream", "server", "generation",
        "chunk", "full",
    };

    *a = address_of(strcmp(qemu_opt_get(opts, "backend"), "v4v") ? ARGO : V4V);
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        if (!option(a, keys[i], qemu_opt_get(opts, keys[i]), why)) {
            return false;
        }
    }
    return complete(a, why);
}

#ifndef CHAR_ARGO_PRELOAD
static void to_backend(QemuOpts *opts, ChardevBackend *backend,
                       const Address *a)
{
    ChardevArgo *argo = g_new0(ChardevArgo, 1);

    qemu_chr_parse_common(opts, qapi_ChardevArgo_base(argo));
    argo->has_domid = argo->has_port = argo->has_localport = true;
    argo->has_stream = argo->has_chunk = argo->has_full = true;
    argo->domid = a->domain;
    argo->port = a->port;
    argo->localport = a->local_port;
    argo->stream = a->stream;
    argo->has_generation = !a->stream;
    argo->generation = a->generation;
    argo->chunk = a->chunk;
    QEMU_BUILD_BUG_ON((int)CHARDEV_ARGO_FULL_END != (int)STUB_FULL_END);
    argo->full = (ChardevArgoFull)a->full;
    if (a->scheme == V4V) {
        backend->type = CHARDEV_BACKEND_KIND_V4V;
        backend->u.v4v.data = argo;
    } else {
        backend->type = CHARDEV_BACKEND_KIND_ARGO;
        backend->u.argo.data = argo;
    }
}

static bool numeric(Address *a, const char *key, bool given, uint32_t value,
                    Reason *why)
{
    char text[16];

    snprintf(text, sizeof(text), "%" PRIu32, value);
    return option(a, key, given ? text : NULL, why);
}

static bool from_backend(Chardev *chr, ChardevBackend *backend, Address *a,
                         Reason *why)
{
    bool v4v = object_dynamic_cast(OBJECT(chr), TYPE_CHARDEV_V4V) != NULL;
    ChardevArgo *argo = v4v ? backend->u.v4v.data : backend->u.argo.data;

    *a = address_of(v4v ? V4V : ARGO);
    a->stream = argo->has_stream && argo->stream;
    return numeric(a, "domid", argo->has_domid, argo->domid, why) &&
           numeric(a, "port", argo->has_port, argo->port, why) &&
           numeric(a, "localport", argo->has_localport, argo->localport,
                   why) &&
           numeric(a, "generation", argo->has_generation, argo->generation,
                   why) &&
           numeric(a, "chunk", argo->has_chunk, argo->chunk, why) &&
           option(a, "full",
                  argo->has_full ? ChardevArgoFull_str(argo->full) : NULL,
                  why) &&
           complete(a, why);
}

bool qemu_chr_argo_compat(QemuOpts *opts, const char *filename, Error **errp)
{
    static const char *const keys[] = { "domid", "port" };
    Scheme scheme;

    if (!address_is(filename, &scheme) || scheme > V4V) {
        return false;
    }
    qemu_opt_set(opts, "backend", scheme_name(scheme), &error_abort);
    filename += strlen(scheme_name(scheme));
    for (size_t i = 0; i < ARRAY_SIZE(keys) && *filename == ':'; i++) {
        size_t length = strcspn(++filename, ":,");
        g_autofree char *value = g_strndup(filename, length);

        qemu_opt_set(opts, keys[i], value, &error_abort);
        filename += length;
    }
    if (*filename == ',') {
        qemu_opts_do_parse(opts, filename + 1, NULL, errp);
    } else if (*filename) {
        error_setg(errp, "'%s' is more than DOMID:PORT", filename);
    }
    return true;
}
#else
/* Nothing of QAPI's is touched: ours is behind what QEMU fills and frees. */
typedef struct PreloadedOptions {
    uint64_t common[16];
    Address address;
} PreloadedOptions;

static void to_backend(QemuOpts *opts, ChardevBackend *backend,
                       const Address *a)
{
    PreloadedOptions *options = g_malloc0(sizeof(PreloadedOptions));

    qemu_chr_parse_common(opts, (ChardevCommon *)options);
    options->address = *a;
    backend->u.null.data = (ChardevCommon *)options;
}

static bool from_backend(Chardev *chr, ChardevBackend *backend, Address *a,
                         Reason *why)
{
    *a = ((PreloadedOptions *)backend->u.null.data)->address;
    return true;
}
#endif

static void argo_chr_parse(QemuOpts *opts, ChardevBackend *backend,
                           Error **errp)
{
    Address address;
    Reason why;

    if (parsed(opts, &address, &why)) {
        to_backend(opts, backend, &address);
    } else {
        error_setg(errp, "chardev: %s: %s", qemu_opt_get(opts, "backend"),
                   why.text);
    }
}

/* ---- from open to the end */

static bool open_argo(Chardev *chr, ChardevBackend *backend, Error **errp)
{
    ArgoChardev *s = ARGO_CHARDEV(chr);
    Address *a = &s->address;
    StubOptions options;
    Reason why;
    char name[64];

    if (!from_backend(chr, backend, a, &why) || !open_device(s, &why)) {
        error_setg(errp, "chardev %s: %s", chr->label, why.text);
        return false;
    }
    options = (StubOptions) {
        .kind = a->stream ? STUB_BYTES : STUB_DATAGRAMS,
        .generation = a->generation, .domain = a->domain, .port = a->port,
        .chunk = a->chunk, .full = a->full,
    };
    s->core = stub_new(&options);
    if (!s->core) {
        close(s->device);
        error_setg(errp, "chardev %s: no memory", chr->label);
        return false;
    }
    s->received = g_malloc0(STUB_DATAGRAM);
    memset(s->received, ' ', STUB_DATAGRAM); /* V4V wants it to be there */
    address_name(a, name, sizeof(name));
    s->name = g_strdup_printf("%s (%s)", chr->label, name);
    chr->filename = g_strdup_printf("%s,localport=%" PRIu32, name,
                                    a->local_port);
    s->link = a->stream ? LINK_DOWN : LINK_UP;
    s->lines = LINES;
    s->lines_at = clock_ms();
    argo_chr_update_read_handler(chr);
    return true;
}

/* The source tells when it opens: it is closed for now. */
#if QEMU_IS(11, 0)
static bool argo_chr_open(Chardev *chr, ChardevBackend *backend, Error **errp)
{
    return open_argo(chr, backend, errp);
}
#else
static void argo_chr_open(Chardev *chr, ChardevBackend *backend,
                          bool *be_opened, Error **errp)
{
    *be_opened = false;
    open_argo(chr, backend, errp);
}
#endif

static void argo_chr_init(Object *obj)
{
    ArgoChardev *s = ARGO_CHARDEV(obj);

    pthread_mutex_init(&s->lock, NULL);
}

/* The front end has gone; what it said last is sent as far as it fits. */
static void argo_chr_finalize(Object *obj)
{
    ArgoChardev *s = ARGO_CHARDEV(obj);

    if (s->core) {
        pthread_mutex_lock(&s->lock);
        stop(s);
        stub_hangup(s->core, clock_ms());
        transmit(s, clock_ms());
        pthread_mutex_unlock(&s->lock);
        if (s->device >= 0) {
            close(s->device);
        }
        stub_free(s->core);
        g_free(s->name);
        g_free(s->received);
    }
    pthread_mutex_destroy(&s->lock);
}

#if QEMU_IS(10, 1)
static void argo_chr_class_init(ObjectClass *oc, const void *data)
#else
static void argo_chr_class_init(ObjectClass *oc, void *data)
#endif
{
    ChardevClass *cc = CHARDEV_CLASS(oc);

#if QEMU_IS(11, 0)
    cc->chr_parse = argo_chr_parse;
    cc->chr_open = argo_chr_open;
#else
    cc->parse = argo_chr_parse;
    cc->open = argo_chr_open;
#endif
    cc->chr_write = argo_chr_write;
    cc->chr_add_watch = argo_chr_add_watch;
    cc->chr_update_read_handler = argo_chr_update_read_handler;
    cc->chr_accept_input = argo_chr_accept_input;
}

static const TypeInfo argo_chr_types[] = {
    {
        .name = TYPE_CHARDEV_ARGO,
        .parent = TYPE_CHARDEV,
        .instance_size = sizeof(ArgoChardev),
        .instance_init = argo_chr_init,
        .instance_finalize = argo_chr_finalize,
        .class_init = argo_chr_class_init,
    },
    {
        .name = TYPE_CHARDEV_V4V,
        .parent = TYPE_CHARDEV_ARGO,
    },
};

static void register_types(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(argo_chr_types); i++) {
        type_register_static(&argo_chr_types[i]);
    }
}

type_init(register_types);
