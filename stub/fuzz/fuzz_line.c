/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Any command line, a word a line; and its first word as an address.
 */
#include "check.h"
#include "line.h"

enum { WORDS = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int descriptors[CHANNELS];
    char *text = malloc(size + 1), *words[WORDS + 1], **after;
    int count = 0;
    Line line;
    Reason why;
    Address address;

    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    for (char *word = text; word != NULL && count < WORDS;) {
        char *end = strchr(word, '\n');
        words[count++] = word;
        if (end != NULL) {
            *end++ = '\0';
        }
        word = end;
    }
    words[count] = NULL;
    if (address_parse(&address, words[0], &why)) {
        char name[100];
        address_name(&address, name, sizeof name);
        CHECK(address.scheme == VSOCK || address.domain < DOMAINS);
        CHECK(address.scheme == VSOCK || (address.chunk >= STUB_CHUNK_MIN && address.chunk <= STUB_CHUNK_MAX));
    }
    if (line_read(&line, count, words, &why)) {
        CHECK(line.count <= CHANNELS);
        after = line_write(&line, descriptors);
        CHECK(after != NULL);
        if (after != words) {
            for (int i = 0; after[i] != NULL; i++) {
                bool old = false;
                for (int k = 0; k < count; k++) {
                    old = old || after[i] == words[k];
                }
                if (!old && after[i][0] != '-') {
                    /* What is of the user's text cannot be taken for more options. */
                    bool socket = strncmp(after[i], "socket,id=", 10) == 0;
                    CHECK(!socket || strncmp(after[i] + strcspn(after[i] + 10, ",") + 10, ",fd=0,server=on,wait=off", 24) == 0);
                    free(after[i]);
                }
            }
            free(after);
        }
    }
    free(text);
    return 0;
}
