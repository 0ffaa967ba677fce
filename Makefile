# pgmoat: build, install, test. Everything built goes below $(BUILD); `make help` lists the targets.
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

VERSION   := 0.1.0
PREFIX    ?= /usr
SYSCONFDIR ?= /etc
DESTDIR   ?=
SANITIZE  ?=
BUILD     ?= $(if $(SANITIZE),build/asan,build)

CC        ?= gcc
CC        := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG     ?= clang
BPFTOOL   ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
PKGS      := libbpf libnl-3.0 libnl-route-3.0 libsystemd jansson libcrypto
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS))
PKG_LIBS   = $(shell pkg-config --libs $(PKGS)) -linih -lpthread

WARN      := -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
HARDEN    := -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
CPPFLAGS  += -D_GNU_SOURCE -DPGM_VERSION='"$(VERSION)"' -Iinclude -Iuserspace -I$(BUILD)/gen
ifdef SANITIZE
CFLAGS    ?= -O1 -g
CFLAGS    += -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS   += -fsanitize=address,undefined
HARDEN    := -fPIE
else
CFLAGS    ?= -O2 -g
endif
ALL_CFLAGS = -std=gnu17 $(WARN) $(HARDEN) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS)

# Commands are shown in short; V=1 shows them whole.
Q          = $(if $(V),,@)
say        = @mkdir -p $(@D)$(if $(V),,; printf '  %-5s %s\n' $(1) $@)

# One room, one folder. A room's objects depend on nothing that ARCHITECTURE.md does not draw an arrow to.
room       = $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard userspace/$(1)/*.c)))
COMMON     := $(call room,common)
GATE       := $(call room,gate)
DAEMON     := $(call room,daemon)
CLI        := $(call room,cli)
DAEMON_LIB := $(filter-out %/daemon/main.o,$(DAEMON))
CLI_LIB    := $(filter-out %/cli/main.o,$(CLI))

PROGRAMS   := $(BUILD)/bin/pgmoatd $(BUILD)/bin/pgmoat
SKEL       := $(BUILD)/gen/gate.skel.h
UNIT       := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/test_*.c))
GATETESTS  := $(patsubst tests/gate/%.c,$(BUILD)/tests/gate_%,$(wildcard tests/gate/test_*.c))
TESTLIB    := $(patsubst tests/%.c,$(BUILD)/obj/tests/%.o,$(wildcard tests/lib/*.c))
FUZZERS    := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
BENCHES    := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/bench_*.c))

.PHONY: all
all: $(PROGRAMS) ## build the programs into build/bin

$(BUILD)/bin/pgmoatd: $(COMMON) $(GATE) $(DAEMON)
$(BUILD)/bin/pgmoat: $(COMMON) $(CLI)
$(PROGRAMS):
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/obj/userspace/%.o: userspace/%.c | $(SKEL)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# --- the kernel side ---------------------------------------------------------------------------------------------
BPF_CFLAGS = -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Iinclude -idirafter /usr/include/$(shell gcc -print-multiarch)
$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF)
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c -o $@ $<

$(BUILD)/gen/%.skel.h: $(BUILD)/bpf/%.bpf.o
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

# --- tests -------------------------------------------------------------------------------------------------------
$(BUILD)/obj/tests/%.o: tests/%.c | $(SKEL)
	$(call say,CC)
	$(Q)$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -c -o $@ $<

$(BUILD)/tests/gate_%: $(BUILD)/obj/tests/gate/%.o $(TESTLIB) $(COMMON) $(GATE)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(TESTLIB) $(COMMON) $(GATE) $(DAEMON_LIB) $(CLI_LIB)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

FUZZ_CFLAGS = -std=gnu17 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all $(CPPFLAGS) $(PKG_CFLAGS)
FUZZ_ROOMS := $(patsubst $(BUILD)/obj/%,$(BUILD)/fuzz/obj/%,$(COMMON) $(GATE) $(DAEMON_LIB))
$(BUILD)/fuzz/obj/%.o: %.c | $(SKEL)
	$(call say,FUZZ)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -Itests -MMD -MP -c -o $@ $<

$(BUILD)/fuzz/fuzz_%: $(BUILD)/fuzz/obj/tests/fuzz/fuzz_%.o $(FUZZ_ROOMS)
	$(call say,LINK)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS)

$(BENCHES:$(BUILD)/%=$(BUILD)/obj/tests/%.o): | $(BUILD)/gen/bench.skel.h
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(TESTLIB) $(COMMON) $(GATE)
	$(call say,LINK)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

.PHONY: test-programs asan-programs fuzz-programs bench-programs
test-programs: all $(UNIT) $(GATETESTS)
asan-programs:
	@$(MAKE) --no-print-directory SANITIZE=1 BUILD=$(BUILD)/asan test-programs
fuzz-programs: $(FUZZERS)
bench-programs: $(BENCHES)

# --- what people type --------------------------------------------------------------------------------------------
# A target that installs tools runs make again for the rest: what make asked of missing tools does not count any more.
AGAIN = +$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))
RUN = PGM_BUILD=$(abspath $(BUILD)) tests/run
SUITES := unit gate fuzz host unit-asan gate-asan host-asan

.PHONY: deps quickstart test test-long asan fuzz bench
deps: ## install what is missing from Debian 12
	@tools/install-deps

quickstart: deps ## a real PostgreSQL behind the gate, in network namespaces of its own
	@$(AGAIN) all
	@PGM_BUILD=$(abspath $(BUILD)) tools/quickstart

test: deps ## everything that must pass, with one sum at the end
	@$(AGAIN) test-programs asan-programs fuzz-programs
	@$(RUN) $(SUITES)

test-long: deps ## the same, randomised parts ten times longer
	@$(AGAIN) test-programs asan-programs fuzz-programs
	@PGM_TEST_SCALE=$${PGM_TEST_SCALE:-10} $(RUN) $(SUITES)

asan: deps ## unit, gate and host tests under ASan and UBSan
	@$(AGAIN) asan-programs
	@$(RUN) unit-asan gate-asan host-asan

fuzz: deps ## the fuzzers, PGM_FUZZ_SECONDS (60) each
	@$(AGAIN) fuzz-programs
	@PGM_FUZZ_SECONDS=$${PGM_FUZZ_SECONDS:-60} $(RUN) fuzz

bench: deps ## measure; tables on the terminal, JSON in build/bench.json
	@$(AGAIN) all bench-programs
	@PGM_BUILD=$(abspath $(BUILD)) tests/bench/run

.PHONY: lint
lint: deps ## format, clang-tidy, cppcheck
	@$(AGAIN) $(SKEL) $(BUILD)/gen/bench.skel.h
	@tools/lint -std=gnu17 $(CPPFLAGS) $(PKG_CFLAGS) -Itests

# --- install -----------------------------------------------------------------------------------------------------
MANPAGES := $(wildcard docs/man/*.[158])
.PHONY: install
install: all ## into DESTDIR and PREFIX (/usr); the config only if there is none
	install -Dm755 $(BUILD)/bin/pgmoat $(DESTDIR)$(PREFIX)/bin/pgmoat
	install -Dm755 $(BUILD)/bin/pgmoatd $(DESTDIR)$(PREFIX)/sbin/pgmoatd
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@SBINDIR@|$(PREFIX)/sbin|' tools/pgmoatd.service.in > $(DESTDIR)$(PREFIX)/lib/systemd/system/pgmoatd.service
	install -Dm644 tools/completion/pgmoat.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/pgmoat
	$(foreach page,$(MANPAGES),install -Dm644 $(page) \
		$(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(page)))/$(notdir $(page)) &&) true
	test -e $(DESTDIR)$(SYSCONFDIR)/pgmoat/pgmoat.conf || \
		install -Dm644 docs/pgmoat.conf.example $(DESTDIR)$(SYSCONFDIR)/pgmoat/pgmoat.conf

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.SECONDARY:
