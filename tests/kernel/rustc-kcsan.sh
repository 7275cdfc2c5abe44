#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# rustc for a kernel with KCSAN, which Linux 6.12 has for C only: instruments
# the component, so that its accesses are seen to race with those of C.
# KALLMODSYMS_RUSTC is the rustc itself. Runs in the build directory.

set -e

# The target of all crates has to be the same, and has to allow it.
ours=
for argument; do
	shift
	case $argument in
	--target=*/target.json)
		target=${argument#--target=}
		allowing=$(dirname "$target")/kcsan/target.json
		if [ ! "$allowing" -nt "$target" ]; then
			mkdir -p "${allowing%/*}"
			sed 's/\("supported-sanitizers": \[\)/\1"thread",/' "$target" >"$allowing.$$"
			mv "$allowing.$$" "$allowing"
		fi
		argument=--target=$allowing
		;;
	*/kallmodsyms/rust/kallmodsyms.rs)
		ours=1
		;;
	esac
	set -- "$@" "$argument"
done

# As scripts/Makefile.kcsan has it for clang.
if [ "$ours" ]; then
	if "$KALLMODSYMS_RUSTC" -C help | grep -q unsafe-allow-abi-mismatch; then
		set -- "$@" -Cunsafe-allow-abi-mismatch=sanitizer
	fi
	set -- "$@" -Zsanitizer=thread -Cllvm-args=-tsan-distinguish-volatile=1 \
		-Cllvm-args=-tsan-compound-read-before-write=1 \
		-Cllvm-args=-tsan-instrument-func-entry-exit=0
fi
exec "$KALLMODSYMS_RUSTC" "$@"
