#!/usr/bin/env bash
# Every check of the Go binding: formatting, vet, and the tests as they are, with the race detector, with the strictest
# pointer checks that cgo has, and with a garbage collection before each native call.
#
# FLAGSTAY_LIBRARY names the library; in a checkout the one that `make build` made is found. FLAGSTAY_TEST_CLIENTS and
# FLAGSTAY_TEST_DECISIONS make the memory tests shorter or longer than they usually are.
set -euo pipefail
cd "$(dirname "$0")"
if [ -z "${FLAGSTAY_LIBRARY:-}" ] && [ -f ../../target/release/libflagstay.so ]; then
    FLAGSTAY_LIBRARY=$(realpath ../../target/release/libflagstay.so)
    export FLAGSTAY_LIBRARY
fi

unformatted=$(gofmt -l .)
if [ -n "$unformatted" ]; then
    printf 'gofmt would change:\n%s\n' "$unformatted" >&2
    exit 1
fi
go vet ./...
go vet -tags flagstay_debug ./...
echo "as they are, GODEBUG=cgocheck=1"
GODEBUG=cgocheck=1 go test -count=1 ./...
echo "with the race detector"
go test -race -count=1 ./...
echo "GOEXPERIMENT=cgocheck2"
GOEXPERIMENT=cgocheck2 FLAGSTAY_TEST_CLIENTS=1000 FLAGSTAY_TEST_DECISIONS=500000 go test -count=1 ./...
echo "-tags flagstay_debug"
go test -tags flagstay_debug -count=1 ./...
