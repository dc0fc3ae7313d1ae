/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answers.c - what the stand-in for QEMU says. The replies are made once, so
 * that its own cost is small and always the same.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_BYTES 200000 /* of the list that stands in for a schema */

#define TEXT(literal) {literal, sizeof literal - 1}

const struct text greeting = TEXT("{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, \"major\": 7}, "
                                  "\"package\": \"bench\"}, \"capabilities\": [\"oob\"]}}\r\n");
const struct text id_label = TEXT(", \"id\": ");
const struct text line_end = TEXT("}\r\n");

/* The last entry is the answer to every command that is not known. */
static struct {
    const char *command; /* as it stands in the request, quotes included */
    struct text head;
} answers[] = {
    [PING] = {"\"ping\"", {NULL, 0}},
    [STRING] = {"\"string\"", {NULL, 0}},
    [SCHEMA] = {"\"schema\"", {NULL, 0}},
    [KINDS] = {"\"qmp_capabilities\"", TEXT("{\"return\": {}")},
    {NULL, TEXT("{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"bench: unknown command\"}")},
};

/* How many bytes of a whole reply its id and its end are. */
static size_t tail_bytes(void)
{
    return id_label.length + strlen("123456") + line_end.length;
}

size_t answer_bytes(enum kind kind)
{
    return answers[kind].head.length + tail_bytes();
}

bool text_is(struct text text, const char *expected)
{
    return text.length == strlen(expected) && memcmp(text.start, expected, text.length) == 0;
}

struct text answer_head(struct text command)
{
    int n = 0;
    while (answers[n].command && !text_is(command, answers[n].command))
        n++;
    return answers[n].head;
}

/* opening, then as many letters as it takes, then closing: a head of the given length. */
static struct text padded(const char *opening, const char *closing, size_t length)
{
    char *text = allocate(length + 1, 1);
    memset(text, 'x', length);
    memcpy(text, opening, strlen(opening));
    memcpy(text + length - strlen(closing), closing, strlen(closing));
    return (struct text){text, length};
}

/* A list of small objects, much as query-qmp-schema gives it. */
static struct text list(void)
{
    static const char entry[] =
        "{\"name\": \"%05d\", \"members\": [{\"name\": \"id\", \"type\": \"str\"}, "
        "{\"name\": \"size\", \"default\": null, \"type\": \"int\"}], \"meta-type\": \"object\"}, ";
    char *text = allocate(LIST_BYTES, 1);
    size_t at = (size_t)sprintf(text, "{\"return\": [");
    for (int n = 0; at + 2 * sizeof entry < LIST_BYTES - tail_bytes(); n++)
        at += (size_t)sprintf(text + at, entry, n);
    at += (size_t)sprintf(text + at, "{}]");
    return (struct text){text, at};
}

static struct text from_file(const char *path)
{
    static const char start[] = "{\"return\": ";
    FILE *file = fopen(path, "r");
    if (!file)
        die("cannot read the reply in %s: %s", path, strerror(errno));
    char *text = allocate(REPLY_MAX, 1);
    size_t length = fread(text, 1, REPLY_MAX - tail_bytes(), file);
    if (!feof(file) || length < sizeof start + line_end.length || strncmp(text, start, sizeof start - 1) != 0
        || memcmp(text + length - line_end.length, line_end.start, line_end.length) != 0)
        die("%s: not one whole reply of QEMU, \"{\"return\": ...}\" and CR LF, without an id", path);
    fclose(file);
    return (struct text){text, length - line_end.length};
}

void answers_make(const char *schema_path)
{
    answers[PING].head = padded("{\"return\": {\"status\": \"running\", \"pad\": \"", "\"}", PING_REPLY - tail_bytes());
    answers[STRING].head = padded("{\"return\": \"", "\"", STRING_BYTES + strlen("{\"return\": \"\""));
    answers[SCHEMA].head = schema_path ? from_file(schema_path) : list();
}
