#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# rustc for a kernel with KCSAN, which Linux 6.12 to 7.3 support only for C. Instruments
# the component, so that KCSAN detects races between its accesses and those of C.
# KALLMODSYMS_RUSTC is the real rustc. Runs in the build directory.

set -e

# All crates must have the same target, and the target must allow KCSAN.
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

# Options like those for clang in scripts/Makefile.kcsan.
if [ "$ours" ]; then
	if "$KALLMODSYMS_RUSTC" -C help | grep -q unsafe-allow-abi-mismatch; then
		set -- "$@" -Cunsafe-allow-abi-mismatch=sanitizer
	fi
	set -- "$@" -Zsanitizer=thread -Cllvm-args=-tsan-distinguish-volatile=1 \
		-Cllvm-args=-tsan-compound-read-before-write=1 \
		-Cllvm-args=-tsan-instrument-func-entry-exit=0
fi
exec "$KALLMODSYMS_RUSTC" "$@"
