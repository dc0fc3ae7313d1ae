/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "address.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const schemes[] = { [ARGO] = "argo", [V4V] = "v4v", [VCHAN] = "vchan", [VSOCK] = "vsock" };

bool refuse(Reason *why, const char *format, ...)
{
    va_list more;

    va_start(more, format);
    vsnprintf(why->text, sizeof why->text, format, more);
    va_end(more);
    return false;
}

const char *scheme_name(Scheme scheme)
{
    return schemes[scheme];
}

bool address_is(const char *word, Scheme *scheme)
{
    size_t length = strcspn(word, ":,");

    for (Scheme each = ARGO; each <= VSOCK; each++) {
        if (strlen(schemes[each]) == length && strncmp(word, schemes[each], length) == 0) {
            *scheme = each;
            return true;
        }
    }
    return false;
}

Address address_of(Scheme scheme)
{
    return (Address) {
        .scheme = scheme,
        .domain = scheme == VSOCK ? ANY_CID : 0,
        .port = STUB_HELPER_PORT,
        .local_port = STUB_QEMU_PORT,
        .generation = 3,
        .chunk = STUB_CHUNK,
        .full = STUB_FULL_WAIT,
    };
}

static bool number(uint32_t *to, const char *key, const char *value, uint32_t least, uint32_t most, Reason *why)
{
    char *end;
    unsigned long long n;

    errno = 0;
    n = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || n < least || n > most) {
        return refuse(why, "%s '%.40s' is not a number within %u to %u", key, value, least, most);
    }
    *to = (uint32_t)n;
    return true;
}

static bool flag(bool *to, const char *key, const char *value, Reason *why)
{
    static const char *const on[] = { "", "on", "yes", "true", "1" };
    static const char *const off[] = { "off", "no", "false", "0" };

    for (size_t i = 0; i < sizeof on / sizeof *on; i++) {
        if (strcmp(value, on[i]) == 0) {
            *to = true;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) {
        if (strcmp(value, off[i]) == 0) {
            *to = false;
            return true;
        }
    }
    return refuse(why, "%s '%.40s' is neither on nor off", key, value);
}

/* The last port is a wildcard in firewall rules, and of vsock. */
static bool port(uint32_t *to, const char *key, const char *value, Reason *why)
{
    return number(to, key, value, 1, UINT32_MAX - 1, why);
}

static bool domain(Address *a, const char *value, Reason *why)
{
    if (a->scheme != VSOCK) {
        return number(&a->domain, "domid", value, 0, DOMAINS - 1, why);
    }
    if (strcmp(value, "any") == 0 || strcmp(value, "-1") == 0) {
        a->domain = ANY_CID;
        return true;
    }
    return number(&a->domain, "cid", value, 0, UINT32_MAX, why);
}

static bool path(Address *a, const char *value, Reason *why)
{
    if (value[0] == '\0' || strlen(value) > VCHAN_PATH) {
        return refuse(why, "path has %zu bytes; libxenvchan takes 1 to %d", strlen(value), VCHAN_PATH);
    }
    strcpy(a->path, value);
    return true;
}

static bool full(Address *a, const char *value, Reason *why)
{
    static const char *const words[] = { [STUB_FULL_WAIT] = "wait", [STUB_FULL_DROP] = "drop", [STUB_FULL_END] = "end" };

    for (StubFull each = STUB_FULL_WAIT; each <= STUB_FULL_END; each++) {
        if (strcmp(value, words[each]) == 0) {
            a->full = each;
            a->full_given = true;
            return true;
        }
    }
    return refuse(why, "full '%.40s' is none of wait, drop, end", value);
}

static bool datagram_option(Address *a, const char *key, const char *value, bool *known, Reason *why)
{
    uint32_t n = 0;

    if (strcmp(key, "domid") == 0) {
        return domain(a, value, why);
    }
    if (strcmp(key, "port") == 0) {
        a->port_given = true;
        return port(&a->port, key, value, why);
    }
    if (strcmp(key, "localport") == 0) {
        a->local_given = true;
        return port(&a->local_port, key, value, why);
    }
    if (strcmp(key, "generation") == 0) {
        bool good = number(&n, key, value, 1, 3, why);
        a->generation = (int)n;
        a->generation_given = true;
        return good;
    }
    if (strcmp(key, "stream") == 0) {
        return flag(&a->stream, key, value, why);
    }
    if (strcmp(key, "server") == 0) {
        return flag(&a->server, key, value, why);
    }
    *known = false;
    return true;
}

bool address_option(Address *a, const char *key, const char *value, bool *known, Reason *why)
{
    uint32_t n = 0;

    *known = true;
    if (a->scheme != VSOCK && strcmp(key, "chunk") == 0) {
        bool good = number(&n, key, value, STUB_CHUNK_MIN, STUB_CHUNK_MAX, why);
        a->chunk = n;
        return good;
    }
    if (a->scheme != VSOCK && strcmp(key, "full") == 0) {
        return full(a, value, why);
    }
    switch (a->scheme) {
    case ARGO:
    case V4V:
        return datagram_option(a, key, value, known, why);
    case VCHAN:
        if (strcmp(key, "domid") == 0) {
            return domain(a, value, why);
        }
        if (strcmp(key, "path") == 0) {
            return path(a, value, why);
        }
        if (strcmp(key, "reconnect-marker") == 0) {
            return flag(&a->marker, key, value, why);
        }
        if (strcmp(key, "mode") == 0) {
            return strcmp(value, "server") == 0 || refuse(why, "mode '%.40s' is not server, which QEMU's side is", value);
        }
        break;
    case VSOCK:
        if (strcmp(key, "cid") == 0) {
            return domain(a, value, why);
        }
        if (strcmp(key, "port") == 0) {
            a->port_given = true;
            return port(&a->port, key, value, why);
        }
        break;
    }
    *known = false;
    return true;
}

bool address_complete(Address *a, Reason *why)
{
    if (a->scheme == VCHAN && a->path[0] == '\0') {
        return refuse(why, "no path; as in vchan:0:device-model/6/qmp-vchan, or vchan,path=…");
    }
    if (a->scheme == VSOCK && !a->port_given) {
        return refuse(why, "no port; as in vsock:any:5100, or vsock,port=5100");
    }
    if (a->stream && a->generation_given) {
        return refuse(why, "generation is of datagrams, and stream is on");
    }
    if (a->stream && a->chunk > PIECE_MAX) {
        return refuse(why, "chunk %zu is not within %d to %d, of a stream", a->chunk, STUB_CHUNK_MIN, PIECE_MAX);
    }
    if (a->server && !a->stream) {
        return refuse(why, "server is of streams, and stream is off");
    }
    /* OpenXT's QEMU listens ten thousand above where its helper is. */
    if (a->scheme != VSOCK && a->port_given && !a->local_given) {
        if (a->port > UINT32_MAX - 10001) {
            return refuse(why, "port %u and no localport, which would be %u more", a->port, 10000);
        }
        a->local_port = a->port + 10000;
    }
    return true;
}

static bool target(Address *a, const char *text, Reason *why)
{
    char first[24];
    size_t length = strcspn(text, ":");
    const char *rest = text[length] == ':' ? text + length + 1 : NULL;

    if (length >= sizeof first) {
        return refuse(why, "'%.40s' is not a number", text);
    }
    memcpy(first, text, length);
    first[length] = '\0';
    if (!domain(a, first, why)) {
        return false;
    }
    if (rest == NULL) {
        return true;
    }
    if (a->scheme == VCHAN) {
        return path(a, rest, why);
    }
    a->port_given = true;
    return port(&a->port, "port", rest, why);
}

size_t next_pair(const char *text, char *key, size_t key_room, char *value, size_t value_room)
{
    size_t at = 0, key_length = 0, value_length = 0;
    bool in_value = false;

    while (text[at] != '\0') {
        if (text[at] == ',') {
            if (text[at + 1] != ',') {
                at++;
                break;
            }
            at++;
        }
        if (text[at] == '=' && !in_value) {
            in_value = true;
        } else if (in_value && value_length + 1 < value_room) {
            value[value_length++] = text[at];
        } else if (!in_value && key_length + 1 < key_room) {
            key[key_length++] = text[at];
        }
        at++;
    }
    key[key_length] = '\0';
    value[value_length] = '\0';
    return at;
}

bool address_parse(Address *a, const char *text, Reason *why)
{
    char key[32], value[128];
    Scheme scheme;
    size_t length;

    if (!address_is(text, &scheme)) {
        return refuse(why, "'%.60s' is no address; as in argo:0, v4v:0, vchan:0:PATH, vsock:any:PORT", text);
    }
    *a = address_of(scheme);
    text += strlen(schemes[scheme]);
    if (*text == ':') {
        length = strcspn(++text, ",");
        if (length >= sizeof value) {
            return refuse(why, "'%.60s…' is too long", text);
        }
        memcpy(value, text, length);
        value[length] = '\0';
        if (!target(a, value, why)) {
            return false;
        }
        text += length;
    }
    text += *text == ',';
    while ((length = next_pair(text, key, sizeof key, value, sizeof value)) > 0) {
        bool known;
        if (!address_option(a, key, value, &known, why)) {
            return false;
        }
        if (!known) {
            return refuse(why, "%s has no option '%.40s'", schemes[scheme], key);
        }
        text += length;
    }
    return address_complete(a, why);
}

void address_name(const Address *a, char *text, size_t room)
{
    switch (a->scheme) {
    case ARGO:
    case V4V:
        snprintf(text, room, "%s:%u:%u%s%s", schemes[a->scheme], a->domain, a->port, a->stream ? ",stream=on" : "",
                 a->server ? ",server=on" : "");
        break;
    case VCHAN:
        snprintf(text, room, "vchan:%u:%s", a->domain, a->path);
        break;
    case VSOCK:
        if (a->domain == ANY_CID) {
            snprintf(text, room, "vsock:any:%u", a->port);
        } else {
            snprintf(text, room, "vsock:%u:%u", a->domain, a->port);
        }
        break;
    }
}
