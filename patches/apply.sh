#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# apply makes this repository the directory kernel/kallmodsyms of a Linux tree,
# and patches the few places of the tree that call it. unapply removes the
# directory and the patch.
#
# The script first tries each change in a scratch copy of the touched files. It
# stores the applied patch in the tree, in .kallmodsyms.applied, which the
# kernel's git ignores. So unapply removes that patch, even if this repository
# has changed since.

set -eu
LC_ALL=C
export LC_ALL

repo=$(cd "$(dirname "$0")/.." && pwd -P)
record_name=.kallmodsyms.applied

# The parts of this repository that --copy copies, if they exist.
parts='.gitignore COPYING README.md Documentation Kbuild Kconfig rust scripts samples'

usage() {
	cat <<EOF
usage: patches/apply.sh apply KDIR [--copy]
       patches/apply.sh unapply KDIR

  apply    make this repository kernel/kallmodsyms of the Linux tree KDIR and
           apply the hooks for its series; run it again to update the tree
  unapply  restore the tree byte for byte

  --copy   copy the files instead of linking to this repository, for a tree
           that is to be committed or moved

Exit codes: 0 done, 1 the tree was not changed, 2 wrong use.
EOF
}

say() { printf '%s\n' "$*"; }
fail() { printf 'kallmodsyms: %s\n' "$@" >&2; exit 1; }
wrong_use() { printf 'kallmodsyms: %s\n' "$1" 'patches/apply.sh --help says more' >&2; exit 2; }

action='' kdir='' mode=link
for argument; do
	case $argument in
	-h|--help) usage; exit 0 ;;
	--copy) mode=copy ;;
	-*) wrong_use "unknown option $argument" ;;
	*)
		if [ -z "$action" ]; then action=$argument
		elif [ -z "$kdir" ]; then kdir=$argument
		else wrong_use "one argument too many: $argument"
		fi ;;
	esac
done
case $action in
apply|unapply) ;;
'') wrong_use 'say apply or unapply' ;;
*) wrong_use "unknown command $action" ;;
esac
[ -n "$kdir" ] || wrong_use "which Linux tree? (make $action KDIR=/path/to/linux)"
command -v patch >/dev/null || fail 'the program "patch" is missing (apt-get install patch)'

# ---- The tree -------------------------------------------------------------

[ -d "$kdir" ] || fail "$kdir: no such directory; give the top of a Linux tree, as in make $action KDIR=/path/to/linux"
kdir=$(cd "$kdir" && pwd -P)
if [ ! -f "$kdir/Makefile" ] || [ ! -f "$kdir/Kbuild" ] || [ ! -f "$kdir/init/Kconfig" ]; then
	fail "$kdir: this is not the top of a Linux tree; give one, as in make $action KDIR=/path/to/linux"
fi
[ -w "$kdir" ] || fail "$kdir: not writable for $(id -un)"

# Parses: VERSION = 6
version_part() { sed -n "s/^$1 *= *//p" "$kdir/Makefile" | head -n 1; }
series=$(version_part VERSION).$(version_part PATCHLEVEL)
version=$series.$(version_part SUBLEVEL)
target=$kdir/kernel/kallmodsyms
record=$kdir/$record_name

available_series() {
	for directory in "$repo"/patches/*/; do
		printf ' %s' "$(basename "$directory")"
	done
}

# Parses: # mode: link
recorded() { sed -n "s/^# $1: //p" "$record"; }

# The repository itself may be kernel/kallmodsyms, as a clone or a submodule.
in_place=no
if [ ! -L "$target" ] && [ -d "$target" ] && [ "$(cd "$target" && pwd -P)" = "$repo" ]; then
	in_place=yes
fi

applied=no
if [ -e "$record" ]; then
	applied=yes
	applied_mode=$(recorded mode)
	applied_series=$(recorded series)
fi

if [ "$action" = unapply ] && [ $applied = no ]; then
	[ ! -e "$target" ] || [ $in_place = yes ] ||
		fail "$kdir has kernel/kallmodsyms but no $record_name: it was not put there by apply, so it stays"
	say "kallmodsyms: nothing is applied to $kdir"
	exit 0
fi
if [ "$action" = apply ]; then
	ls "$repo/patches/$series"/*.patch >/dev/null 2>&1 ||
		fail "$kdir is Linux $version, and there are no hooks for $series; there are for:$(available_series)"
	if [ $in_place = yes ]; then
		mode=in-place
	elif [ $applied = no ] && { [ -e "$target" ] || [ -L "$target" ]; }; then
		fail "$target is in the way, and apply did not put it there; move it away first"
	fi
fi

# ---- The scratch copy -----------------------------------------------------

scratch=$(mktemp -d "${TMPDIR:-/tmp}/kallmodsyms.XXXXXX")
staged=''
clean_up() {
	rm -rf "$scratch"
	# shellcheck disable=SC2086 # a list of paths without blanks, from our own patches
	(cd "$kdir" && rm -rf $staged)
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# Parses: +++ b/init/Kconfig
touched_files() { sed -n 's,^+++ b/\([^[:blank:]]*\).*,\1,p; s,^--- a/\([^[:blank:]]*\).*,\1,p' "$@" | sort -u; }

# Prints a patch that adds the headers for other kernel code.
headers() {
	cd "$repo"
	for header in include/linux/*.h; do
		diff -u --label /dev/null --label "b/$header" /dev/null "$header" || [ $? -eq 1 ]
	done
}

: >"$scratch/old.patch"
: >"$scratch/new.patch"
[ $applied = no ] || cp "$record" "$scratch/old.patch"
[ "$action" = unapply ] || { cat "$repo/patches/$series"/*.patch; headers; } >"$scratch/new.patch"

touched=$(touched_files "$scratch/old.patch" "$scratch/new.patch")
for file in $touched; do
	mkdir -p "$scratch/tree/$(dirname "$file")"
	[ ! -f "$kdir/$file" ] || cp -p "$kdir/$file" "$scratch/tree/$file"
done

# try_patch PATCH WHAT [--reverse]: allows no fuzz. Prints the files and hunks that fail.
try_patch() {
	patch_file=$1 what=$2
	shift 2
	[ -s "$patch_file" ] || return 0
	if ! patch -p1 -F0 -f -r - --no-backup-if-mismatch -d "$scratch/tree" "$@" \
	     <"$patch_file" >"$scratch/log" 2>&1; then
		{
			printf 'kallmodsyms: %s\n' "$what"
			# Parses: patching file init/Kconfig
			# Parses: Hunk #1 FAILED at 2023.
			awk '/^(checking|patching) file / { file = $3 }
			     /Hunk .*FAILED|can.t find file|No such file|malformed|ignored/ { print "  " file ": " $0 }' "$scratch/log"
			printf '%s\n' "The tree is as it was."
		} >&2
		exit 1
	fi
}

[ $applied = no ] ||
	try_patch "$scratch/old.patch" \
		"$kdir was changed where the hooks for $applied_series were applied; take your change out, or remove these hunks by hand:" --reverse
try_patch "$scratch/new.patch" \
	"the hooks for $series do not fit this tree, Linux $version (hooks exist for:$(available_series)):"

# ---- Into the tree --------------------------------------------------------

# Stages each new file beside its place, so that most errors occur before any change.
# Renames then install the files. A file with unchanged content keeps its time.

# Prints the files to copy, without build output that is among the sources.
sources() {
	cd "$repo"
	for part in $parts; do
		[ ! -e "$part" ] || find "$part" -type f ! -name '*.mod.c' ! -path '*/target/*' \( \
			-name .gitignore -o -name COPYING -o -name Kbuild -o -name Kconfig -o -name Makefile \
			-o -name '*.rs' -o -name '*.[chS]' -o -name '*.sh' \
			-o -name '*.md' -o -name '*.rst' -o -name '*.dot' -o -name '*.png' -o -name '*.[15]' -o -name '*.toml' -o -name Cargo.lock \)
	done | sort
}

beside() { printf '%s/.kallmodsyms.%s' "$(dirname "$1")" "$(basename "$1")"; }

changed='' removed=''
for file in $touched; do
	if [ ! -f "$scratch/tree/$file" ]; then
		removed="$removed $file"
	elif ! cmp -s "$scratch/tree/$file" "$kdir/$file"; then
		changed="$changed $file"
		staged="$staged $(beside "$file")"
		cp -p "$scratch/tree/$file" "$kdir/$(beside "$file")"
		touch "$kdir/$(beside "$file")"
	fi
done

if [ "$action" = apply ]; then
	staged="$staged $(beside $record_name)"
	{
		printf '# %s\n' 'Applied by patches/apply.sh of kallmodsyms; its unapply needs this file.' \
			"series: $series" "mode: $mode"
		[ $mode != copy ] || sources | sed 's/^/# file: /'
		cat "$scratch/new.patch"
	} >"$kdir/$(beside $record_name)"
fi

copied=kernel/.kallmodsyms.copy
if [ "$action" = apply ] && [ $mode = copy ]; then
	staged="$staged $copied"
	rm -rf "${kdir:?}/$copied"
	mkdir "$kdir/$copied"
	sources >"$scratch/sources"
	(cd "$repo" && tar cf - -T "$scratch/sources") | (cd "$kdir/$copied" && tar xmf -)
fi

trap '' HUP INT TERM

if [ $applied = yes ] && { [ "$action" = unapply ] || [ "$applied_mode" != "$mode" ]; }; then
	case $applied_mode in
	link) rm -f "$target" ;;
	copy) rm -rf "$target" ;;
	esac
fi
if [ "$action" = apply ]; then
	case $mode in
	link)
		[ "$(readlink "$target")" = "$repo" ] || ln -sfn "$repo" "$target" ;;
	copy)
		if [ $applied = yes ]; then
			recorded file | while read -r file; do
				[ -f "$kdir/$copied/$file" ] || rm -f "$target/$file"
			done
		fi
		while read -r file; do
			cmp -s "$kdir/$copied/$file" "$target/$file" && continue
			mkdir -p "$(dirname "$target/$file")"
			mv -f "$kdir/$copied/$file" "$target/$file"
		done <"$scratch/sources" ;;
	esac
fi
for file in $changed; do
	mv -f "$kdir/$(beside "$file")" "$kdir/$file"
done
for file in $removed; do
	rm -f "$kdir/$file"
done
if [ "$action" = apply ]; then
	mv -f "$kdir/$(beside $record_name)" "$record"
	say "kallmodsyms: applied to $kdir, Linux $version${changed:+ (changed:$changed)}"
else
	rm -f "$record"
	say "kallmodsyms: taken out of $kdir, which is as it was before"
fi
