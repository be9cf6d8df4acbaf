/* The header alone, and twice. Compiled as C11 and as C++17, with every warning an error. */
#include "flagstay.h"
#include "flagstay.h"

int main(void)
{
    return flagstay_abi_version() >= FLAGSTAY_ABI_VERSION ? 0 : 1;
}
