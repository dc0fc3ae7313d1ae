/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* QEMU's options that make a character device of their value. */
static const struct {
    const char *name;
    Use use;
    const char *mode;
} options[] = {
    { "qmp", USE_MONITOR, ",mode=control" },
    { "qmp-pretty", USE_MONITOR, ",mode=control,pretty=on" },
    { "monitor", USE_MONITOR, ",mode=readline" },
    { "serial", USE_DEVICE, NULL },
    { "parallel", USE_DEVICE, NULL },
    { "debugcon", USE_DEVICE, NULL },
    { "chardev", USE_CHARDEV, NULL },
};

/* Those whose value may be any text, and look like an option. */
static const char *const texts[] = { "append", "name" };

/* An option's name; NULL if a word is none. */
static const char *option_name(const char *word)
{
    if (word[0] != '-' || word[1] == '\0') {
        return NULL;
    }
    return word + (word[1] == '-' ? 2 : 1);
}

static bool is_text(const char *name)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(name, texts[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_probe(const char *name, const char *value)
{
    static const char *const asking[] = { "version", "h", "help" };

    for (size_t i = 0; i < sizeof asking / sizeof *asking; i++) {
        if (strcmp(name, asking[i]) == 0) {
            return true;
        }
    }
    if (value == NULL || option_name(value) != NULL) {
        return false;
    }
    return strcmp(value, "help") == 0 || strcmp(value, "?") == 0 ||
           (strlen(value) > 5 && strcmp(value + strlen(value) - 5, ",help") == 0);
}

/* Of "-chardev": the keys of an address, the id, and what all character devices have. */
static bool read_chardev(Channel *c, const char *value, Reason *why)
{
    static const char *const common[] = { "mux", "logfile", "logappend" };
    char key[32], text[256];
    size_t length = strcspn(value, ",");

    value += length + (value[length] == ',');
    while ((length = next_pair(value, key, sizeof key, text, sizeof text)) > 0) {
        bool known = false;
        if (strcmp(key, "id") == 0) {
            if (text[0] == '\0' || strlen(text) >= sizeof c->id || strpbrk(text, ",=") != NULL) {
                return refuse(why, "id '%.40s' is not 1 to %d letters, digits, '-', '.', '_'", text, ID_LENGTH - 1);
            }
            strcpy(c->id, text);
            known = true;
        }
        for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
            if (strcmp(key, common[i]) == 0) {
                if (strlen(c->extra) + length + 1 >= sizeof c->extra) {
                    return refuse(why, "%s is too long", key);
                }
                strcat(c->extra, ",");
                strncat(c->extra, value, length - (value[length - 1] == ','));
                known = true;
            }
        }
        if (!known && !address_option(&c->address, key, text, &known, why)) {
            return false;
        }
        if (!known) {
            return refuse(why, "%s has no option '%.40s'", scheme_name(c->address.scheme), key);
        }
        value += length;
    }
    if (c->id[0] == '\0') {
        return refuse(why, "no id=");
    }
    return address_complete(&c->address, why);
}

static bool read_channel(Line *line, int at, size_t option, Reason *why)
{
    const char *value = line->argv[at + 1];
    Channel *c = &line->channels[line->count];
    Reason reason;
    Scheme scheme;
    bool good, mux = options[option].use == USE_DEVICE && strncmp(value, "mon:", 4) == 0;

    if (options[option].use == USE_CHARDEV && strncmp(value, "backend=", 8) == 0) {
        value += 8;
    }
    value += mux ? 4 : 0;
    if (!address_is(value, &scheme)) {
        return true;
    }
    if (line->count == CHANNELS) {
        return refuse(why, "more than %d channels", CHANNELS);
    }
    *c = (Channel) { .at = at, .use = mux ? USE_MUX : options[option].use, .mode = options[option].mode };
    if (c->use == USE_CHARDEV) {
        c->address = address_of(scheme);
        good = read_chardev(c, value, &reason);
    } else {
        snprintf(c->id, sizeof c->id, "qmp-stub-%d", line->count);
        good = address_parse(&c->address, value, &reason);
    }
    if (!good) {
        return refuse(why, "%.20s %.80s: %.90s", line->argv[at], line->argv[at + 1], reason.text);
    }
    line->count++;
    return true;
}

/* Whether a monitor is on a character device. */
static bool has_monitor(const Line *line, const char *id)
{
    for (int i = 1; i + 1 < line->argc; i++) {
        const char *name = option_name(line->argv[i]);
        char key[32], text[256];
        const char *value = line->argv[i + 1];
        size_t length;

        if (name == NULL || strcmp(name, "mon") != 0) {
            continue;
        }
        while ((length = next_pair(value, key, sizeof key, text, sizeof text)) > 0) {
            if ((strcmp(key, "chardev") == 0 && strcmp(text, id) == 0) || (text[0] == '\0' && strcmp(key, id) == 0)) {
                return true;
            }
            value += length;
        }
    }
    return false;
}

/* What a console says may be dropped, what a monitor says may not. */
static void choose_full(const Line *line, Channel *c)
{
    if (!c->address.full_given) {
        bool monitor = c->use == USE_MONITOR || (c->use == USE_CHARDEV && has_monitor(line, c->id));
        c->address.full = monitor ? STUB_FULL_WAIT : STUB_FULL_DROP;
    }
}

static bool distinct(const Line *line, Reason *why)
{
    for (int i = 0; i < line->count; i++) {
        for (int k = 0; k < i; k++) {
            const Address *a = &line->channels[i].address, *b = &line->channels[k].address;
            bool ports = a->scheme <= V4V && a->local_port == b->local_port && a->domain == b->domain;
            bool paths = a->scheme == VCHAN && a->domain == b->domain && strcmp(a->path, b->path) == 0;
            bool sockets = a->scheme == VSOCK && a->port == b->port;

            if (a->scheme == b->scheme && (ports || paths || sockets)) {
                char name[100];
                address_name(a, name, sizeof name);
                return refuse(why, "two channels at %s: give one another %s", name,
                              ports ? "localport= (-chardev argo,id=ID,localport=15101)" : paths ? "path" : "port");
            }
        }
    }
    return true;
}

bool line_read(Line *line, int argc, char **argv, Reason *why)
{
    *line = (Line) { .argc = argc, .argv = argv };
    for (int i = 1; i < argc; i++) {
        const char *name = option_name(argv[i]);

        if (name == NULL) {
            continue;
        }
        if (is_text(name)) {
            i++;
            continue;
        }
        line->probe = line->probe || is_probe(name, i + 1 < argc ? argv[i + 1] : NULL);
        line->daemonizes = line->daemonizes || strcmp(name, "daemonize") == 0;
        for (size_t k = 0; i + 1 < argc && k < sizeof options / sizeof *options; k++) {
            if (strcmp(name, options[k].name) == 0) {
                if (!read_channel(line, i, k, why)) {
                    return false;
                }
                i++;
                break;
            }
        }
    }
    for (int i = 0; i < line->count; i++) {
        choose_full(line, &line->channels[i]);
    }
    return distinct(line, why);
}

static char *join(const char *first, const char *second, const char *third)
{
    size_t room = strlen(first) + strlen(second) + strlen(third) + 1;
    char *text = malloc(room);

    if (text != NULL) {
        snprintf(text, room, "%s%s%s", first, second, third);
    }
    return text;
}

/* Adds what takes the place of an option and its value; how many words that are. */
static int replace(char **to, const Channel *c, int descriptor)
{
    static char chardev[] = "-chardev", mon[] = "-mon";
    char socket[EXTRA_LENGTH + 64];
    int n = 0;

    snprintf(socket, sizeof socket, ",fd=%d,server=on,wait=off%s%s", descriptor, c->use == USE_MUX ? ",mux=on" : "",
             c->extra);
    to[n++] = chardev;
    to[n++] = join("socket,id=", c->id, socket);
    if (c->use == USE_DEVICE || c->use == USE_MUX) {
        to[n++] = NULL; /* the option itself, by the caller */
        to[n++] = join("chardev:", c->id, "");
    }
    if (c->use == USE_MONITOR || c->use == USE_MUX) {
        to[n++] = mon;
        to[n++] = join("chardev=", c->id, c->use == USE_MUX ? ",mode=readline" : c->mode);
    }
    return n;
}

char **line_write(const Line *line, const int *descriptors)
{
    char **to;
    int n = 0, next = 0;

    if (line->count == 0) {
        return line->argv;
    }
    to = calloc((size_t)line->argc + 6 * CHANNELS + 1, sizeof *to);
    if (to == NULL) {
        return NULL;
    }
    for (int i = 0; i < line->argc; i++) {
        if (next < line->count && line->channels[next].at == i) {
            if (!line->probe) {
                int words = replace(to + n, &line->channels[next], descriptors[next]);
                for (int k = 0; k < words; k++) {
                    if (to[n + k] == NULL && k % 2 == 0) {
                        to[n + k] = line->argv[i];
                    } else if (to[n + k] == NULL) {
                        return NULL; /* no memory: the program ends */
                    }
                }
                n += words;
            }
            next++;
            i++;
        } else {
            to[n++] = line->argv[i];
        }
    }
    return to;
}
