/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"

uint64_t now;
static char story[1 << 20];

StubCore *make(int generation)
{
    StubOptions o = { .kind = STUB_DATAGRAMS, .generation = generation, .domain = DOM0, .port = PORT };
    StubCore *c = stub_new(&o);

    CHECK(c != NULL);
    now = 1000;
    return c;
}

StubCore *make_bytes(bool marker)
{
    StubOptions o = { .kind = STUB_BYTES, .marker = marker };
    StubCore *c = stub_new(&o);

    CHECK(c != NULL);
    return c;
}

StubHeard hear(StubCore *c, const char *text)
{
    return stub_hear(c, now, DOM0, PORT, text, strlen(text), strlen(text));
}

const char *told_by(StubCore *c, size_t most)
{
    const uint8_t *data;
    size_t length, end = 0;

    for (;;) {
        switch (stub_event(c, now, &data, &length)) {
        case STUB_OPENED:
            story[end++] = '<';
            break;
        case STUB_CLOSED:
            story[end++] = '>';
            break;
        case STUB_DATA:
            CHECK(length > 0);
            length = length < most ? length : most;
            memcpy(story + end, data, length);
            end += length;
            stub_took(c, length);
            break;
        case STUB_NOTHING:
            story[end] = '\0';
            return story;
        }
    }
}

const char *told(StubCore *c)
{
    return told_by(c, 1);
}

const char *sent(StubCore *c)
{
    const uint8_t *data;
    size_t length, end = 0;

    while (stub_out(c, now, &data, &length)) {
        memcpy(story + end, data, length);
        end += length;
        story[end++] = '|';
        stub_sent(c, now, (ssize_t)length);
    }
    story[end] = '\0';
    return story;
}

void refuse(StubCore *c, int error)
{
    const uint8_t *data;
    size_t length;

    CHECK(stub_out(c, now, &data, &length));
    stub_sent(c, now, -error);
}

void say(StubCore *c, const char *text)
{
    CHECK_IS(strlen(text), stub_write(c, now, text, strlen(text)));
}
