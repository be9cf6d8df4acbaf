# flagstay. `make help` says what there is; the work itself is in make/.

LANGS   ?= rust c go ruby dotnet
VECTORS ?= tests/vectors
PREFIX  ?= /usr/local
DESTDIR ?=
LIBDIR  ?= $(PREFIX)/lib
STRICT  ?= 0

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
LIBRARY := target/release/libflagstay.so
SONAME  := libflagstay.so.1

export STRICT

.PHONY: help build header demo test conformance bench install clean lint

help:
	@echo "make build        the library, release: $(LIBRARY), and the command line: target/release/flagstay"
	@echo "make demo         one experiment, one SQLite file, four languages, and a split that changes meanwhile"
	@echo "make test         every test of every language, and the vectors in tests/vectors through all of them"
	@echo "make conformance  conformance vectors: VECTORS=\"DIR ...\" LANGS=\"rust c go ruby dotnet\""
	@echo "make bench        one table: nanoseconds, allocations, and the ratio to an empty foreign call"
	@echo "make lint         formatting and lints of every language"
	@echo "make header       include/flagstay.h from src/abi"
	@echo "make install      library, header and pkg-config file: PREFIX=/usr/local DESTDIR="
	@echo "make clean        everything that was built"
	@echo
	@echo "LANGS=\"...\" chooses languages. One that cannot be built here is skipped, loudly; with STRICT=1 that fails."

build:
	@make/languages/rust need
	make/languages/rust build
	ln -sf libflagstay.so target/release/$(SONAME)

header:
	@make/header

demo: build
	@make/demo $(filter-out rust,$(LANGS))

test: build
	@make/test $(LANGS)

conformance: build
	@make/conformance "$(VECTORS)" $(LANGS)

bench: build
	@make/bench $(LANGS)

lint:
	@make/lint $(LANGS)

# A library is known by three names: the file, the soname that programs were linked with, the name that they link by.
install: build
	install -d "$(DESTDIR)$(LIBDIR)/pkgconfig" "$(DESTDIR)$(PREFIX)/include"
	install -m 755 $(LIBRARY) "$(DESTDIR)$(LIBDIR)/libflagstay.so.$(VERSION)"
	ln -sf libflagstay.so.$(VERSION) "$(DESTDIR)$(LIBDIR)/$(SONAME)"
	ln -sf $(SONAME) "$(DESTDIR)$(LIBDIR)/libflagstay.so"
	install -m 644 target/release/libflagstay.a "$(DESTDIR)$(LIBDIR)/libflagstay.a"
	install -m 644 include/flagstay.h "$(DESTDIR)$(PREFIX)/include/flagstay.h"
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' make/flagstay.pc.in \
		> "$(DESTDIR)$(LIBDIR)/pkgconfig/flagstay.pc"

clean:
	cargo clean
	rm -rf build benches/rulesets/flags-*.json
	@make/clean
