#define _GNU_SOURCE /* dlsym's companions, readlink */
#include "library.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct library flagstay;

static void *open_library(void)
{
    const char *named = getenv("FLAGSTAY_LIBRARY");
    if (named && *named) {
        void *library = dlopen(named, RTLD_NOW | RTLD_LOCAL);
        if (!library)
            fprintf(stderr, "FLAGSTAY_LIBRARY: %s\n", dlerror());
        return library;
    }
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof "libflagstay.so.1");
    char *slash = length > 0 ? memrchr(path, '/', (size_t)length) : NULL;
    void *library = NULL;
    if (slash) {
        strcpy(slash + 1, "libflagstay.so.1");
        library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    }
    if (!library)
        library = dlopen("libflagstay.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        fprintf(stderr, "no flagstay library: FLAGSTAY_LIBRARY is not set; tried %s and the system's: %s\n",
                slash ? path : "(the program's own folder is unknown)", dlerror());
    return library;
}

int library_load(void)
{
    void *library = open_library();
    if (!library)
        return 0;
#define LOAD(name)                                                                        \
    *(void **)&flagstay.name = dlsym(library, "flagstay_" #name);                         \
    if (!flagstay.name) {                                                                 \
        fprintf(stderr, "%s\n", dlerror());                                               \
        return 0;                                                                         \
    }
    FLAGSTAY_FUNCTIONS(LOAD)
    if (flagstay.abi_version() < FLAGSTAY_ABI_VERSION) {
        fprintf(stderr, "the library has ABI version %u, the header %u\n", (unsigned)flagstay.abi_version(),
                (unsigned)FLAGSTAY_ABI_VERSION);
        return 0;
    }
    return 1;
}
