/* SPDX-License-Identifier: Apache-2.0
 *
 * The folder that stands for a host: its domains are files, its rings are in one shared file.
 *
 * A ring lives as long as its bell does, a datagram socket that is the program's descriptor: the
 * kernel ends it when the last descriptor is closed or the process is killed, as the driver does.
 * Its name is abstract, so nothing is left over.
 */
#define _GNU_SOURCE
#include "argo.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { RINGS = 4096, FIRST_AUTO = 0x80000000, AUTO_PORTS = 0x70000000 };

struct host {
    uint64_t id; /* random; 0: being made */
    uint64_t serials;
    int top; /* no ring is at this place, or beyond */
    pthread_mutex_t lock;
    struct ring rings[RINGS];
};

struct traps traps;
uint16_t own_domain;
static char folder[3072];
static struct host *host;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void die(const char *what)
{
    fprintf(stderr, "argo-devices: %s in %s: %s\n", what, folder, strerror(errno));
    abort();
}

static unsigned long number(const char *name, const char *word)
{
    size_t len = strlen(name);
    return strncmp(word, name, len) == 0 && word[len] == '=' ? strtoul(word + len + 1, NULL, 0) : 0;
}

static void set_trap(const char *word)
{
    static const struct { const char *name; bool *flag; } flags[] = {
        { "absent", &traps.absent }, { "off", &traps.off },
        { "mac-permissive", &traps.mac_permissive }, { "firewall", &traps.firewall },
        { "denied", &traps.denied }, { "no-argo", &traps.no_argo }, { "no-v4v", &traps.no_v4v },
    };
    static const struct { const char *name; unsigned long *value; } numbers[] = {
        { "efault", &traps.efault }, { "eintr", &traps.eintr }, { "rings", &traps.rings },
        { "deaf", &traps.deaf },
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (strcmp(word, flags[i].name) == 0) {
            *flags[i].flag = true;
            return;
        }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        unsigned long value = number(numbers[i].name, word);
        if (value) {
            *numbers[i].value = value;
            return;
        }
    }
    fprintf(stderr, "argo-devices: ARGO_TRAPS has no %s\n", word);
    abort();
}

static void domain_file(char *at, size_t size, unsigned domain, const char *suffix)
{
    snprintf(at, size, "%s/domain-%u%s", folder, domain, suffix);
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("ARGO_HOST"), *domid = getenv("ARGO_DOMID");
    const char *words = getenv("ARGO_TRAPS");
    char file[4096], copy[512];
    if (!at || !*at || strlen(at) >= sizeof folder)
        return;
    strcpy(folder, at);
    own_domain = domid ? (uint16_t)strtoul(domid, NULL, 10) : 0;
    traps.rings = 128;
    if (words) {
        snprintf(copy, sizeof copy, "%s", words);
        for (char *left = copy, *word; (word = strsep(&left, ",")) != NULL;)
            if (*word)
                set_trap(word);
    }
    domain_file(file, sizeof file, own_domain, "");
    int fd = sys(syscall(SYS_openat, AT_FDCWD, file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    if (fd >= 0)
        syscall(SYS_close, fd);
}

bool host_given(void)
{
    return folder[0] != 0;
}

/* A file of the host, for one use. */
int host_open(const char *name)
{
    char file[4096];
    snprintf(file, sizeof file, "%s/%s", folder, name);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        die("cannot open a file");
    return fd;
}

static void make_host(void)
{
    pthread_mutexattr_t attr;
    int fd = host_open("host");
    flock(fd, LOCK_EX);
    if (ftruncate(fd, 0x1000000 * (off_t)(RINGS + 1)) < 0)
        die("cannot size the file of rings");
    host = mmap(NULL, sizeof *host, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (host == MAP_FAILED)
        die("cannot map the file of rings");
    if (host->id == 0) {
        pthread_mutexattr_init(&attr);
        pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
        pthread_mutex_init(&host->lock, &attr);
        pthread_mutexattr_destroy(&attr);
        if (getrandom(&host->id, sizeof host->id, 0) < 0)
            die("no random number");
    }
    flock(fd, LOCK_UN); /* the mapping would keep it */
    syscall(SYS_close, fd);
}

void host_lock(void)
{
    pthread_once(&once, make_host);
    /* Who was killed with the lock left at most a message that is not counted yet. */
    if (pthread_mutex_lock(&host->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&host->lock);
}

void host_unlock(void)
{
    pthread_mutex_unlock(&host->lock);
}

/*
 * Which one of that number a domain is, or 0. Its file says it: whoever asks first appends a random
 * number. (A file's number and time are those of the one before, if that was there just now.)
 */
static uint64_t born(uint16_t domain)
{
    char file[4096];
    uint64_t is = 0, random;
    domain_file(file, sizeof file, domain, "");
    int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_APPEND | O_CLOEXEC);
    if (fd < 0)
        return 0;
    while (syscall(SYS_pread64, fd, &is, sizeof is, 0L) != sizeof is)
        if (getrandom(&random, sizeof random, 0) < 0
            || syscall(SYS_write, fd, &random, sizeof random) < 0)
            die("cannot tell a domain from the one before");
    syscall(SYS_close, fd);
    return is ? is : 1;
}

/* 0, or what Xen says of a domain that is dying or gone; and which one of that number it is. */
int domain_state(uint16_t domain, bool v4v, uint64_t *is)
{
    char file[4096];
    domain_file(file, sizeof file, domain, ".dying");
    *is = born(domain);
    if (access(file, F_OK) == 0)
        return v4v ? -ENOTCONN : -ECONNREFUSED;
    return *is ? 0 : v4v ? -ENOTCONN : -ESRCH;
}

static bool matches(const char *rule, struct place place)
{
    char *end;
    if (*rule == '*')
        end = (char *)rule + 1;
    else if (strtoul(rule, &end, 0) != place.domain)
        return false;
    if (*end++ != ':')
        return false;
    return *end == '*' || strtoul(end, NULL, 0) == place.port;
}

bool firewall_accepts(struct place from, struct place to)
{
    char file[4096], source[64], target[64];
    bool accepts = false;
    snprintf(file, sizeof file, "%s/firewall", folder);
    FILE *rules = fopen(file, "re");
    while (rules && !accepts && fscanf(rules, "%63s %63s", source, target) == 2)
        accepts = matches(source, from) && matches(target, to);
    if (rules)
        fclose(rules);
    return accepts;
}

static struct sockaddr_un bell_name(uint64_t serial, socklen_t *size)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int len = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "qmpkit-argo-%016llx-%llu",
                       (unsigned long long)host->id, (unsigned long long)serial);
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len);
    return name;
}

/* A bell: readable while it was rung and not answered, and always writable. */
int bell_make(uint64_t serial)
{
    socklen_t size;
    struct sockaddr_un name = bell_name(serial, &size);
    int bell = sys(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (bell >= 0 && bind(bell, (struct sockaddr *)&name, size) < 0) {
        int error = -errno;
        syscall(SYS_close, bell);
        return error;
    }
    return bell;
}

/* A socket that rings a bell; an error if there is no such bell any more. */
int bell_dial(uint64_t serial)
{
    socklen_t size;
    struct sockaddr_un name = bell_name(serial, &size);
    int socket_to = sys(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (socket_to >= 0 && connect(socket_to, (struct sockaddr *)&name, size) < 0) {
        int error = -errno;
        syscall(SYS_close, socket_to);
        return error;
    }
    return socket_to;
}

void bell_ring(uint64_t serial)
{
    int bell = bell_dial(serial);
    if (bell >= 0) {
        /* If it has been rung often enough already, this one is not needed. */
        send(bell, "", 1, MSG_DONTWAIT);
        syscall(SYS_close, bell);
    }
}

/* A door: readable while somebody waits at it, and never writable. */
int door_make(uint64_t serial)
{
    socklen_t size;
    struct sockaddr_un name = bell_name(serial, &size);
    int door = sys(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (door >= 0
        && (bind(door, (struct sockaddr *)&name, size) < 0 || listen(door, 16) < 0)) {
        int error = -errno;
        syscall(SYS_close, door);
        return error;
    }
    return door;
}

void door_ring(uint64_t serial)
{
    socklen_t size;
    struct sockaddr_un name = bell_name(serial, &size);
    int visitor = sys(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (visitor >= 0) {
        connect(visitor, (struct sockaddr *)&name, size);
        syscall(SYS_close, visitor);
    }
}

uint64_t new_serial(void)
{
    return ++host->serials;
}

struct ring *ring_at(int slot)
{
    return &host->rings[slot];
}

/* Frees the place of a ring whose bell is gone. */
void ring_check(int slot, uint64_t serial)
{
    struct ring *ring = ring_at(slot);
    if (ring->serial != serial || serial == 0)
        return;
    if (ring->leaked) {
        if (born(ring->owner) != ring->owner_born)
            ring->serial = 0;
        return;
    }
    int bell = bell_dial(serial);
    if (bell >= 0)
        syscall(SYS_close, bell);
    else if (bell == -ECONNREFUSED)
        ring->serial = 0;
}

/* The place of a domain's ring as its kernel knows it, even if Xen has dropped it; or -1. */
int ring_find(bool v4v, uint16_t owner, uint32_t port, uint16_t partner)
{
    for (int slot = 0; slot < host->top; slot++) {
        struct ring *ring = ring_at(slot);
        if (ring->serial && ring->v4v == v4v && ring->owner == owner && ring->port == port
            && ring->partner == partner) {
            ring_check(slot, ring->serial);
            if (ring->serial)
                return slot;
        }
    }
    return -1;
}

/* The place of the ring that takes what a domain sends to another, as Xen knows it; or -1. */
int ring_to(bool v4v, struct place to, uint16_t from)
{
    uint16_t any = v4v ? V4V_ANY : ARGO_ANY, partners[] = { from, any };
    for (int i = 0; i < 2; i++) {
        int slot = ring_find(v4v, to.domain, to.port, partners[i]);
        if (slot < 0)
            continue;
        struct ring *ring = ring_at(slot);
        bool partner_lives = partners[i] == any || born(from) == ring->partner_born;
        if (partner_lives && born(to.domain) == ring->owner_born)
            return slot;
    }
    return -1;
}

static unsigned long rings_of(uint16_t owner)
{
    unsigned long count = 0;
    for (int slot = 0; slot < host->top; slot++) {
        struct ring *ring = ring_at(slot);
        if (ring->serial && !ring->v4v && ring->owner == owner) {
            ring_check(slot, ring->serial);
            count += ring->serial != 0;
        }
    }
    return count;
}

static int free_slot(void)
{
    for (int sweep = 0; sweep < 2; sweep++)
        for (int slot = 0; slot < RINGS; slot++) {
            if (sweep)
                ring_check(slot, ring_at(slot)->serial);
            if (ring_at(slot)->serial == 0)
                return slot;
        }
    return -ENOSPC;
}

/*
 * Binds a ring: the driver's checks, then Xen's.
 *
 * Returns its place, and its bell.
 */
int ring_add(struct ring ring, int *bell)
{
    uint16_t any = ring.v4v ? V4V_ANY : ARGO_ANY;
    uint32_t header = ring.v4v ? V4V_RING_HEADER : ARGO_RING_HEADER;
    while (ring.port == 0) {
        uint32_t random;
        if (getrandom(&random, sizeof random, 0) < 0)
            return -ENOSPC;
        ring.port = FIRST_AUTO + random % AUTO_PORTS;
        if (ring_find(ring.v4v, ring.owner, ring.port, ring.partner) >= 0)
            ring.port = 0;
    }
    if (ring_find(ring.v4v, ring.owner, ring.port, ring.partner) >= 0)
        return -EADDRINUSE;
    if (traps.absent || traps.off)
        return traps.absent ? -ENOSYS : -EOPNOTSUPP;
    if (ring.len > MAX_RING || (ring.len + 4095) / 4096 != (ring.len + header + 4095) / 4096)
        return -EINVAL;
    if (ring.partner != any) {
        int state = domain_state(ring.partner, false, &ring.partner_born);
        if (state < 0 && !ring.v4v)
            return state;
    } else if (!ring.v4v && !traps.mac_permissive)
        return -EPERM;
    if (!ring.v4v && rings_of(ring.owner) >= traps.rings)
        return -ENOSPC;
    int slot = free_slot();
    if (slot < 0)
        return slot;
    ring.owner_born = born(ring.owner);
    ring.pid = getpid();
    ring.serial = new_serial();
    *bell = bell_make(ring.serial);
    if (*bell < 0)
        return *bell;
    ring.drained = ring_at(slot)->drained;
    *ring_at(slot) = ring;
    host->top = slot < host->top ? host->top : slot + 1;
    return slot;
}
