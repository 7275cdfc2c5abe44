#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# `make fuzz`: searches with libFuzzer for inputs that cause a panic in a fuzz target.
#
#   RUNS=10000000    executions; a target gets 2 to 12 percent of this number
#   MINUTES=         minutes instead of executions, over all targets
#   TARGET=          one target only, with all of RUNS or MINUTES: a name in tests/fuzz/engine
#
# libFuzzer keeps interesting inputs in $KALLMODSYMS_CACHE/fuzz/corpus and uses them in the next run.

set -eu

directory=$(cd "$(dirname "$0")" && pwd)
output=${KALLMODSYMS_CACHE:?}/fuzz
runs=${RUNS:-10000000}
minutes=${MINUTES:-}

# Prints the percentage of RUNS for a target. The slow targets get the fewest executions.
share() {
	case $1 in
	link) echo 2 ;;
	show) echo 4 ;;
	sizes) echo 5 ;;
	elf | cmdfile | builtin) echo 7 ;;
	map) echo 8 ;;
	*) echo 12 ;;
	esac
}

# Prints the number of bytes of the longest input. A short text or listing can have each kind of line,
# and takes less time.
longest() {
	case $1 in
	listing | text) echo 1024 ;;
	*) echo 8192 ;;
	esac
}

fail() {
	echo "kallmodsyms: $*" >&2
	exit 1
}

case $runs in
'' | *[!0-9]*) fail "RUNS=$runs is not a number" ;;
esac
case $minutes in
*[!0-9]*) fail "MINUTES=$minutes is not a number" ;;
# libFuzzer reads 0 as no limit.
0) fail "MINUTES=0: at least 1" ;;
esac
if [ -n "${TARGET:-}" ]; then
	[ -f "$directory/engine/$TARGET.rs" ] || fail "TARGET=$TARGET: no such target, see tests/fuzz/engine"
fi
command -v c++ >/dev/null || fail "c++ is missing: install a C++ compiler (apt-get install g++)"

host=$(rustc -vV | sed -n 's/^host: //p')
build() {
	command=$1
	shift
	cargo --config "$directory/engine/config.toml" "$command" --quiet --locked --profile fuzz \
		--manifest-path "$directory/../Cargo.toml" --package fuzz --target "$host" "$@"
}
echo 'kallmodsyms: compiling the targets and libFuzzer'
# Clones of this repository share the target directory, and cargo cannot tell their crates apart.
build clean
build build --features engine
binaries=${CARGO_TARGET_DIR:-$directory/../target}/$host/fuzz

# The targets write inputs to files. A directory in memory is the fastest place for the files.
temporary=$(mktemp -d -p "$([ -w /dev/shm ] && echo /dev/shm || echo /tmp)" kallmodsyms.XXXXXX)
pid=
finish() {
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || :
	rm -rf "$temporary"
}
trap finish EXIT
trap 'exit 130' INT TERM

count() {
	sed -n 's/^#\([0-9]*\).*/\1/p' "$1" | tail -n 1
}

# Prints libFuzzer's option for the limit of a target: executions, or seconds.
bound() {
	targets=$(find "$directory/engine" -name '*.rs' | wc -l)
	share=$(share "$1")
	[ -z "${TARGET:-}" ] || targets=1 share=100
	if [ -n "$minutes" ]; then
		echo "-max_total_time=$((minutes * 60 / targets))"
	else
		echo "-runs=$((runs * share / 100))"
	fi
}

for source in "$directory/engine/"*.rs; do
	name=$(basename "$source" .rs)
	[ "$name" = "${TARGET:-$name}" ] || continue
	bound=$(bound "$name")
	log=$output/$name.log
	mkdir -p "$output/corpus/$name" "$output/findings"
	TMPDIR=$temporary "$binaries/$name" "$output/corpus/$name" "$directory/corpus/$name" \
		"$bound" -max_len="$(longest "$name")" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="$output/findings/$name-" >"$log" 2>&1 &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		[ ! -t 1 ] || printf '\r%-8s %10s  %s' "$name" "$(count "$log")" "$bound"
		sleep 1
	done
	[ ! -t 1 ] || printf '\r%60s\r' ""
	if ! wait "$pid"; then
		pid=
		printf '%-8s FAILED\n' "$name"
		grep -A 3 -e panicked -e '^==.*ERROR' "$log" | head -n 8
		input=$(sed -n 's/.*Test unit written to //p' "$log")
		echo "The input:     $input"
		echo "The log:       $log"
		echo "To repeat:     $binaries/$name $input"
		echo "After the fix: copy the input into tests/fuzz/corpus/$name"
		exit 1
	fi
	pid=
	printf '%-8s %10s executions, none failed\n' "$name" \
		"$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
done
echo "Logs, and the inputs for the next run: $output"
