/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * Runs a fuzz target on all files of a folder, where there is no libFuzzer.
 */
#include "check.h"

#include <dirent.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
    static uint8_t data[1 << 20];
    struct dirent *each;
    char path[4096];
    int count = 0;
    DIR *folder;

    CHECK_IS(2, argc);
    folder = opendir(argv[1]);
    CHECK(folder != NULL);
    while ((each = readdir(folder)) != NULL) {
        FILE *file;
        if (each->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", argv[1], each->d_name);
        file = fopen(path, "rb");
        CHECK(file != NULL);
        LLVMFuzzerTestOneInput(data, fread(data, 1, sizeof data, file));
        fclose(file);
        count++;
    }
    closedir(folder);
    CHECK(count > 0);
    printf("%d inputs\n", count);
    return 0;
}
