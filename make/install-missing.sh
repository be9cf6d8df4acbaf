# Sourced by make/languages/*: what a language needs, and how to get it on Debian and Ubuntu.

# missing PROGRAM PACKAGE: notes the package unless the program is there. For other conditions: `cond || lack PACKAGE`.
lacking=()
lack() { lacking+=("$@"); }
missing() { command -v "$1" >/dev/null 2>&1 || lack "$2"; }

# A compiler for C, and what it compiles and links against: the one comes without the other.
missing_compiler() {
    if ! echo '#include <stdio.h>' | cc -fsyntax-only -x c - >/dev/null 2>&1; then
        lack gcc libc6-dev
    fi
}

# Installs what is lacking where that is possible; otherwise says exactly what to do, and fails.
install_lacking() {
    [ ${#lacking[@]} -eq 0 ] && return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "installing ${lacking[*]}"
        # The package lists are fetched once a day, not once a language.
        local stamp=build/package-lists-fetched
        if [ -z "$(find "$stamp" -mmin -1440 2>/dev/null)" ]; then
            apt-get -qq update </dev/null
            mkdir -p build && touch "$stamp"
        fi
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${lacking[@]}" \
            </dev/null >/dev/null && lacking=() && return 0
    fi
    echo "missing: install it with" >&2
    echo "    apt-get install -y ${lacking[*]}" >&2
    return 1
}

# at_least WANTED FOUND: versions such as 1.24 and 1.26.8.
at_least() { printf '%s\n' "$1" "$2" | sort -C -V; }
