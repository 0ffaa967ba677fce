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
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/obj/userspace/%.o: userspace/%.c | $(SKEL)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# --- the kernel side ---------------------------------------------------------------------------------------------
BPF_CFLAGS := -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Iinclude -idirafter /usr/include/$(shell gcc -print-multiarch)
$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -c -o $@ $<

$(BUILD)/gen/%.skel.h: $(BUILD)/bpf/%.bpf.o
	@mkdir -p $(@D)
	$(BPFTOOL) gen skeleton $< name $*_bpf > $@

# --- tests -------------------------------------------------------------------------------------------------------
$(BUILD)/obj/tests/%.o: tests/%.c | $(SKEL)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests -MMD -MP -c -o $@ $<

$(BUILD)/tests/gate_%: $(BUILD)/obj/tests/gate/%.o $(TESTLIB) $(COMMON) $(GATE)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/tests/%: $(BUILD)/obj/tests/unit/%.o $(TESTLIB) $(COMMON) $(GATE) $(DAEMON_LIB) $(CLI_LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(BUILD)/fuzz/%: tests/fuzz/%.c $(wildcard userspace/common/*.c userspace/gate/*.c userspace/daemon/*.c) | $(SKEL)
	@mkdir -p $(@D)
	$(CLANG) -std=gnu17 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $(CPPFLAGS) $(PKG_CFLAGS) \
		-o $@ $(filter-out userspace/daemon/main.c,$^) $(PKG_LIBS)

$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(TESTLIB) $(COMMON) $(GATE)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(PKG_LIBS)

.PHONY: test-programs fuzz-programs bench-programs
test-programs: all $(UNIT) $(GATETESTS)
fuzz-programs: $(FUZZERS)
bench-programs: $(BENCHES)

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 16

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.SECONDARY:
