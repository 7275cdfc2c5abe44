# SPDX-License-Identifier: GPL-2.0
#
# Commands for people. The kernel's build reads Kbuild instead.

export KALLMODSYMS_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/kallmodsyms
export CARGO_TARGET_DIR ?= $(KALLMODSYMS_CACHE)/cargo

HARNESS := cargo run --quiet --locked --release --manifest-path tests/Cargo.toml -p harness --

TOOL := tools/kallmodsyms
TOOL_TARGET := $(CARGO_TARGET_DIR)/tool

# Clones of this repository share the target directory. Cargo cannot tell the
# clones' crates of these names apart.
CRATES := checker format fuzz generator harness kallmodsyms

# Debian 13 has cargo 1.85. Debian 12 has cargo 1.65, and a newer cargo in cargo-web.
OLDEST_CARGO := 85

.PHONY: help
help:
	@echo 'Try it:'
	@echo '  make run       build a kernel, boot it in QEMU, show /proc/kallmodsyms'
	@echo '  make shell     a prompt in that kernel'
	@echo '  make test      lints, host tests, that kernel; ALL=1: all other tests, too'
	@echo '  make reproduce  privacy, damaged tables, second builds, at length'
	@echo '  make soak      debug kernels, fuzzing: MINUTES=10 each; Miri; make reproduce'
	@echo '  make fuzz      damaged tables and build inputs: RUNS= or MINUTES=, TARGET=map'
	@echo '  make bench     speed and size, for CONFIG=defconfig; OFF=1: also without'
	@echo '  make clients   DTrace, perf, bpftrace on the file; make kselftest: selftests'
	@echo '  make matrix    each kernel and toolchain: ONLY=, VARIANTS=1, DISTRIBUTIONS=1'
	@echo '  make htmldocs  pages of Documentation/; make rust-analyzer: for editors'
	@echo '  make clean     remove all builds; kernel sources and tools stay'
	@echo 'Use it in your own kernel:'
	@echo '  make apply KDIR=linux    add kallmodsyms to that tree; COPY=1: files, no link'
	@echo '  make tool      compile the command that reads a vmlinux; make deb: a package'
	@echo '  make check O=build       compare a built kernel with its object files;'
	@echo '                           UNATTRIBUTED=1, ORDER=tree, RANGES=file: check.rst'
	@echo '  make unapply KDIR=linux  restore the tree'
	@echo 'Variables, with their defaults:'
	@echo '  CONFIG=tiny   tests/kernel/CONFIG.config      KDIR=  a kernel tree of your own'
	@echo '  KERNEL=6.12   7.2, 7.3: linux-source-KERNEL   O=     the build directory'
	@echo '  ARCH=x86_64   LLVM=   1: clang and LLD        ACCEL=tcg   kvm: /dev/kvm'
	@echo '  COMPILERS=    trixie, newest    KALLMODSYMS_CACHE=$(KALLMODSYMS_CACHE)'

.PHONY: run shell test kselftest matrix reproduce soak bench clients deb htmldocs rust-analyzer
run shell test kselftest matrix reproduce soak bench clients deb htmldocs rust-analyzer: cargo
	@$(HARNESS) $@

.PHONY: cargo
cargo:
	@minor=$$(cargo --version 2>/dev/null | cut -d. -f2); [ "$${minor:-0}" -ge $(OLDEST_CARGO) ] || { \
		echo 'kallmodsyms: cargo 1.$(OLDEST_CARGO) or newer is missing: apt-get install cargo (on Debian 12: cargo-web), or https://rustup.rs' >&2; exit 1; }
	@[ "$$(cat '$(CARGO_TARGET_DIR)/clone' 2>/dev/null)" = '$(CURDIR)' ] || { \
		mkdir -p '$(CARGO_TARGET_DIR)' && \
		cargo clean --quiet --locked --release --manifest-path tests/Cargo.toml $(CRATES:%=-p %) && \
		cargo clean --quiet --locked --release --manifest-path $(TOOL)/Cargo.toml --target-dir '$(TOOL_TARGET)' -p kallmodsyms && \
		echo '$(CURDIR)' >'$(CARGO_TARGET_DIR)/clone'; }
	@[ -n '$(filter tool,$(MAKECMDGOALS))' ] || [ -d '$(CARGO_TARGET_DIR)/release' ] || echo 'kallmodsyms: compiling the harness, once'

# The tests also have a program named kallmodsyms, the generator, so the tool has
# another target directory. The last line of output is the path of the tool.
.PHONY: tool
tool: cargo
	@[ -x '$(TOOL_TARGET)/release/kallmodsyms' ] || echo 'kallmodsyms: compiling the command, once' >&2
	@cargo build --quiet --locked --release --manifest-path $(TOOL)/Cargo.toml --target-dir '$(TOOL_TARGET)' || { \
		echo 'kallmodsyms: the command that reads a vmlinux was not compiled. The first time, cargo needs the' >&2; \
		echo '  network, and a C compiler (apt-get install gcc libc6-dev). Then: make tool' >&2; exit 1; }
	@echo '$(TOOL_TARGET)/release/kallmodsyms'

.PHONY: fuzz
fuzz: cargo
	@RUNS='$(RUNS)' TARGET='$(TARGET)' tests/fuzz/run.sh

.PHONY: check
check: cargo
	@$(patsubst harness,checker,$(HARNESS)) $(if $(filter-out 0,$(UNATTRIBUTED)),--unattributed) $(if $(ORDER),--order '$(ORDER)') $(if $(ENCODINGS),--encodings) $(if $(RANGES),--ranges '$(RANGES)')

.PHONY: apply unapply
apply:
	@patches/apply.sh apply '$(KDIR)' $(if $(filter-out 0,$(COPY)),--copy)
unapply:
	@patches/apply.sh unapply '$(KDIR)'

.PHONY: clean
clean:
	rm -rf '$(KALLMODSYMS_CACHE)/build' '$(KALLMODSYMS_CACHE)/fuzz' '$(KALLMODSYMS_CACHE)/matrix' '$(CARGO_TARGET_DIR)' tests/target
