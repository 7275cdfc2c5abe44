# SPDX-License-Identifier: GPL-2.0
#
# For people. The kernel's build reads Kbuild instead.

export KALLMODSYMS_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kallmodsyms
export CARGO_TARGET_DIR ?= $(KALLMODSYMS_CACHE)/cargo

HARNESS := cargo run --quiet --locked --release --manifest-path tests/Cargo.toml -p harness --

# Clones share the target directory, and cargo takes what one of them compiled
# of these for another's.
CRATES := checker format fuzz generator harness

.PHONY: help
help:
	@echo 'Try it:'
	@echo '  make run      build a kernel with /proc/kallmodsyms, boot it under QEMU, show the file'
	@echo '  make shell    a prompt in that kernel'
	@echo '  make test     everything that can be tested, with a boot for each test kernel'
	@echo '  make fuzz     look for bad tables and build inputs that break what reads them, RUNS=10000000 times'
	@echo '  make bench    speed and size, as tables: builds the kernel of CONFIG=defconfig,'
	@echo '                which takes a quarter of an hour once; OFF=1 builds it without the option, too'
	@echo '  make clean    remove what these built (the kernel source and the tools stay)'
	@echo
	@echo 'Use it in your own kernel:'
	@echo '  make apply KDIR=/path/to/linux    link this directory into the tree, and apply the hooks;'
	@echo '                                    COPY=1 copies the files instead'
	@echo '  make check O=/path/to/build       compare what a built kernel will show with its object files;'
	@echo '                                    LOOKUPS=1 instead: how it names addresses, as in %pS;'
	@echo '                                    ENCODINGS=1 instead: what sizes take, in other forms too'
	@echo '  make unapply KDIR=/path/to/linux  restore the tree'
	@echo
	@echo 'Variables of run, shell, test and bench:'
	@echo '  CONFIG=tiny      the kernel configuration: tests/kernel/CONFIG.config'
	@echo '  KERNEL=6.12      the kernel series, from the package linux-source-KERNEL'
	@echo '  KDIR=            a kernel tree of your own instead; run and shell apply to it'
	@echo '  O=               the build directory, default one for each tree and CONFIG in the cache'
	@echo '  ARCH=x86_64      the architecture'
	@echo '  LLVM=            1: build with clang and LLD'
	@echo '  ACCEL=tcg        kvm: use /dev/kvm'
	@echo '  KALLMODSYMS_CACHE=$(KALLMODSYMS_CACHE)'

.PHONY: run shell test bench
run shell test bench: cargo
	@$(HARNESS) $@

.PHONY: cargo
cargo:
	@command -v cargo >/dev/null || { \
		echo 'kallmodsyms: cargo is missing: install Rust (https://rustup.rs, or apt-get install cargo)' >&2; exit 1; }
	@[ "$$(cat '$(CARGO_TARGET_DIR)/clone' 2>/dev/null)" = '$(CURDIR)' ] || { \
		mkdir -p '$(CARGO_TARGET_DIR)' && \
		cargo clean --quiet --locked --release --manifest-path tests/Cargo.toml $(CRATES:%=-p %) && \
		echo '$(CURDIR)' >'$(CARGO_TARGET_DIR)/clone'; }
	@[ -d '$(CARGO_TARGET_DIR)/release' ] || echo 'kallmodsyms: compiling the harness, once'

.PHONY: fuzz
fuzz: cargo
	@RUNS='$(RUNS)' TARGET='$(TARGET)' tests/fuzz/run.sh

.PHONY: check
check: cargo
	@$(patsubst harness,checker,$(HARNESS)) $(if $(LOOKUPS),--lookups) $(if $(ENCODINGS),--encodings)

.PHONY: apply unapply
apply:
	@patches/apply.sh apply '$(KDIR)' $(if $(filter-out 0,$(COPY)),--copy)
unapply:
	@patches/apply.sh unapply '$(KDIR)'

.PHONY: clean
clean:
	rm -rf '$(KALLMODSYMS_CACHE)/build' '$(KALLMODSYMS_CACHE)/fuzz' '$(CARGO_TARGET_DIR)' tests/target
