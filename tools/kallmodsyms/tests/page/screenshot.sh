#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# Makes the picture in Documentation/ of the page that `kallmodsyms sizes --html` writes for the
# vmlinux in a build directory:
#
#   KALLMODSYMS=$(make tool) tools/kallmodsyms/tests/page/screenshot.sh ~/build \
#       Documentation/admin-guide/treemap.png
#
# The third argument is the view: the text behind the # in the address of the page.
# Without $KALLMODSYMS, the script runs the kallmodsyms in $PATH.

set -eu

if [ $# -lt 2 ]; then
	echo "usage: $0 BUILD PICTURE [VIEW]" >&2
	exit 2
fi
for tool in chromium pngquant optipng; do
	command -v "$tool" >/dev/null || {
		echo "$0: no $tool: apt-get install chromium fonts-dejavu-core pngquant optipng" >&2
		exit 1
	}
done
picture=$(realpath "$2")
view=${3-}
command=$(command -v "${KALLMODSYMS:-kallmodsyms}") || {
	echo "$0: no command kallmodsyms: KALLMODSYMS=\$(make tool) $0 ..." >&2
	exit 1
}
command=$(realpath "$command")

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

# The title of the page contains the path as given. In the build directory, it is just "vmlinux".
cd "$1"
"$command" sizes vmlinux --html "$directory/page.html"
cd "$directory"
chromium --headless=new --no-sandbox --disable-gpu --hide-scrollbars \
	--user-data-dir="$directory/profile" --window-size=1200,740 \
	--virtual-time-budget=5000 --screenshot=page.png \
	"file://$directory/page.html#$view" 2>chromium.log || {
	cat chromium.log >&2
	exit 1
}
pngquant --quality 60-95 --speed 1 --strip --output small.png page.png
optipng -quiet -o5 small.png
cp small.png "$picture"
