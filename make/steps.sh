# Sourced by the scripts beside it: named steps, each run to its end, and one table at the close.
#
# With STRICT=1 a language that is skipped fails the run; without it the run says loudly what it did not do.

# Every binding finds the library that was built here, not one that is installed.
export FLAGSTAY_LIBRARY=$PWD/target/release/libflagstay.so
export LD_LIBRARY_PATH=$PWD/target/release${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}

results=${FLAGSTAY_RESULTS:-build/results.tsv}
mkdir -p "$(dirname "$results")"
# One set of results for everything that a caller runs in a row; a run of its own begins anew.
[ -n "${FLAGSTAY_RESULTS:-}" ] || rm -f "$results"
touch "$results"
first_result=$(wc -l <"$results")

# record PASSED FAILED NAME
record() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$results"; }

# step NAME COMMAND…: a command that is to succeed. The run goes on when it does not.
step() {
    local name=$1 began=$SECONDS
    shift
    printf '\n=== %s\n' "$name"
    if "$@"; then
        record 1 0 "$name"
        printf '=== %s: passed (%d s)\n' "$name" $((SECONDS - began))
    else
        record 0 1 "$name"
        printf '=== %s: FAILED\n' "$name"
    fi
}

# available LANGUAGE: whether it can be built here; installs what it can. What is missing is said, and counted.
available() {
    local language=$1
    make/languages/"$language" need && return 0
    printf '\n*** SKIPPED: %s. See above for what is missing.\n' "$language"
    if [ "${STRICT:-0}" = 1 ]; then
        record 0 1 "$language is available (STRICT=1)"
    else
        record 0 0 "SKIPPED: $language"
    fi
    return 1
}

# built LANGUAGE: builds what it needs to run against the library; what the build said is shown where it failed.
built() {
    local log
    log=$(mktemp build/log.XXXXXX)
    if make/languages/"$1" build >"$log" 2>&1; then
        rm "$log"
        return 0
    fi
    cat "$log" >&2
    rm "$log"
    record 0 1 "$1: build"
    return 1
}

# Prints what became of every step since this script began, and fails if one failed or none ran.
close() {
    printf '\n'
    tail -n +$((first_result + 1)) "$results" | awk -F '\t' '
        { passed += $1; failed += $2 }
        $1 + $2 == 0 { print "  " $3; next }
        $2 > 0 { printf "  FAILED   %s", $3; if ($1 + $2 > 1) printf " (%d of %d)", $2, $1 + $2; print "" }
        $2 == 0 { printf "  passed   %s", $3; if ($1 > 1) printf " (%d)", $1; print "" }
        END {
            printf "%d passed, %d failed\n", passed, failed
            exit failed > 0 || passed == 0
        }'
}
