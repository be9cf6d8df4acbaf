/* Calls every function of a list of symbols with nothing but zeroes: argument 1 is the library, argument 2 the list.
 *
 * Whoever forgets the guard or a NULL check in a new function finds it here: the list is compared with what the
 * library exports. The functions are called through one type with more integer parameters than any of them has, which
 * the calling conventions of 64-bit platforms allow; a parameter of type double gets whatever its register holds. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uintptr_t (*any_function)(uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t,
                                  uintptr_t, uintptr_t, uintptr_t);

int main(int count, char **arguments)
{
    void *library = count == 3 ? dlopen(arguments[1], RTLD_NOW) : NULL;
    FILE *symbols = library ? fopen(arguments[2], "r") : NULL;
    if (!symbols) {
        fprintf(stderr, "usage: zero_arguments LIBRARY SYMBOLS (%s)\n", dlerror());
        return 2;
    }
    char name[256];
    int called = 0;
    while (fgets(name, sizeof name, symbols)) {
        name[strcspn(name, "\n")] = 0;
        void *symbol = dlsym(library, name);
        if (!symbol) {
            printf("  FAILED  %s is on the list and not in the library\n", name);
            return 1;
        }
        any_function function;
        memcpy(&function, &symbol, sizeof function);
        function(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        printf("  ok      %s\n", name);
        called++;
    }
    fclose(symbols);
    return called ? 0 : 1;
}
