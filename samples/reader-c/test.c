// SPDX-License-Identifier: GPL-2.0

/*
 * Tests of the reader: lines of every form, malformed lines, and made-up listings. In a made-up
 * listing, the test looks up each address and compares the result with a search of all lines.
 * Prints the Test Anything Protocol. `make check` runs the test with the compiler's sanitizers.
 */

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kallmodsyms.h"

static unsigned int tests, failures;

static void check(bool passed, const char *name)
{
	printf("%s %u - %s\n", passed ? "ok" : "not ok", ++tests, name);
	failures += !passed;
}

static struct kallmodsyms *parse(const char *text)
{
	return kallmodsyms_parse(text, strlen(text), NULL);
}

/* Lines of each form and source. The kernel's own symbols end with _end and __brk_limit. */
static const char FORMS[] =
	"00000000000285c0 180 A vclock_srcu_srcu_data\t[ptp]\n"
	"ffffffff8d9b28c4 151 T vfs_read\n"
	"ffffffff8da4a43f 2b22 t ext4_fill_super\t[ext4]\n"
	"ffffffff8db343bc 2c T dpaa2_mac_start\t[fsl_dpaa2_eth] [fsl_dpaa2_switch]\n"
	"ffffffff8dc00000 8 b __key.0\t[ext4] {ext4/super.o}\n"
	"ffffffff8dc00008 8 b __key.0\t{main.o}\n"
	"ffffffff8e000000 0 B _end\n"
	"ffffffff8e000000 0 B __brk_limit\n"
	"ffffffffc0401000 40 t minix_fill_super\t[minix]\n"
	"ffffffffc0401004 0 t .L0 \t[minix]\n"
	"ffffffffc0365000 cb t ftrace_trampoline\t[__builtin__ftrace]\n"
	"ffffffffc025d00c 18 t bpf_prog_a04f5eef06a7f555_hello\t[bpf]\n"
	"ffffffffc0367000 1000 t kprobe_insn_page\t[__builtin__kprobes]\n";

static bool is_found(const struct kallmodsyms *listing, uint64_t address, const char *name,
		     const char *modules)
{
	const struct kallmodsyms_symbol *symbol = kallmodsyms_find(listing, address);
	const char *module = NULL;
	char found[256] = "";

	if (!symbol || !name)
		return !symbol && !name;
	while ((module = kallmodsyms_next_module(symbol, module))) {
		strcat(found, module);
		strcat(found, ",");
	}
	return !strcmp(symbol->name, name) && !strcmp(found, modules);
}

static void test_forms(void)
{
	struct kallmodsyms *listing = parse(FORMS);
	const struct kallmodsyms_symbol *symbol = kallmodsyms_named(listing, "__brk_limit", NULL);

	check(kallmodsyms_count(listing) == 13 && !kallmodsyms_hides_addresses(listing),
	      "lines of every form are read");
	check(is_found(listing, 0xffffffff8d9b28c4, "vfs_read", "") &&
	      is_found(listing, 0xffffffff8d9b28c4 + 0x150, "vfs_read", "") &&
	      is_found(listing, 0xffffffff8d9b28c4 + 0x151, NULL, ""), "an address in no module");
	check(is_found(listing, 0xffffffff8da4a500, "ext4_fill_super", "ext4,"),
	      "an address in one module");
	check(is_found(listing, 0xffffffff8db343bd, "dpaa2_mac_start",
		       "fsl_dpaa2_eth,fsl_dpaa2_switch,"), "an address in two modules");
	check(is_found(listing, 0xffffffffc0401001, "minix_fill_super", "minix,") &&
	      is_found(listing, 0xffffffffc0365000, "ftrace_trampoline", "__builtin__ftrace,") &&
	      is_found(listing, 0xffffffffc025d023, "bpf_prog_a04f5eef06a7f555_hello", "bpf,") &&
	      is_found(listing, 0xffffffffc0367fff, "kprobe_insn_page", "__builtin__kprobes,"),
	      "addresses of modules, BPF and tracing, whose lines are not sorted");
	check(is_found(listing, 0xffffffff8dc00000, "__key.0", "ext4,") &&
	      is_found(listing, 0xffffffff8dc00008, "__key.0", "") &&
	      !strcmp(kallmodsyms_find(listing, 0xffffffff8dc00000)->object, "ext4/super.o") &&
	      !strcmp(kallmodsyms_find(listing, 0xffffffff8dc00008)->object, "main.o") &&
	      !kallmodsyms_find(listing, 0xffffffff8da4a500)->object,
	      "object files, with and without a module");
	check(is_found(listing, 0x285c1, "vclock_srcu_srcu_data", "ptp,"), "a per-cpu offset");
	check(is_found(listing, 0, NULL, "") && is_found(listing, 0xffffffff8e000000, NULL, "") &&
	      is_found(listing, UINT64_MAX, NULL, ""), "addresses without a symbol");
	check(kallmodsyms_is_pseudo_module("bpf") && !kallmodsyms_is_pseudo_module("bpfilter") &&
	      kallmodsyms_is_pseudo_module("__builtin__ftrace"), "brackets without a module");
	check(kallmodsyms_named(listing, ".L0 ", NULL) == kallmodsyms_symbol(listing, 9),
	      "a name with a space at its end");
	check(symbol == kallmodsyms_symbol(listing, 7) && symbol->type == 'B' && !symbol->size &&
	      !kallmodsyms_named(listing, "__brk_limit", symbol), "a symbol by its name");
	kallmodsyms_free(listing);
}

static void test_hidden(void)
{
	struct kallmodsyms *listing = parse("0000000000000000 0 T vfs_read\n"
					    "0000000000000000 0 t ext4_fill_super\t[ext4]\n");
	const struct kallmodsyms_symbol *symbol = kallmodsyms_named(listing, "ext4_fill_super", NULL);

	check(kallmodsyms_hides_addresses(listing) && !kallmodsyms_find(listing, 0),
	      "a reader without addresses finds no symbol by address");
	check(symbol && !strcmp(kallmodsyms_next_module(symbol, NULL), "ext4"),
	      "a reader without addresses reads names and modules");
	kallmodsyms_free(listing);
	listing = kallmodsyms_parse(NULL, 0, NULL);
	check(listing && !kallmodsyms_count(listing) && !kallmodsyms_find(listing, 0),
	      "an empty file has no symbols");
	kallmodsyms_free(listing);
}

static void test_refusals(void)
{
	static const char *const lines[] = {
		"", "g 0 T a", "0", "0 0", "0 0 T", "0 0 T ", "0 0  a", "0 0 TT a", "0  0 T a",
		"00000000000000000 0 T a", "0 00000000000000000 T a", "0 -1 T a", "0x0 0 T a",
		"A 0 T a", "0 0 T a b", "0 0 T a  ", "0 0 T a \t", "0 0 T  \t[b]", "0 0 T a [b]", "0 0 T \t[b]", "0 0 T a\t", "0 0 T a\tb",
		"0 0 T a\t[]", "0 0 T a\t[b", "0 0 T a\t[b] ", "0 0 T a\t[b][c]", "0 0 T a\t[b]  [c]",
		"0 0 T a\t[b]\t[c]", "0 0 T a\t[b c]", "0 0 T a\t[b] c", "0 0 T a\r", "0 0 T a\t[[b]",
		"0 0 T a\t{}", "0 0 T a\t{b", "0 0 T a\t{b}[c]", "0 0 T a\t{b} [c]", "0 0 T a\t[b]{c}", "0 0 T a\t{b} {c}", "0 0 T a {b}", "0 0 T a\t{b c}", "0 0 T a\t{{b}", "0 0 T a\t {b}",
	};
	struct kallmodsyms_error error;
	char text[128];

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct kallmodsyms *listing;
		int size = snprintf(text, sizeof(text), "1 1 T before\n%s\n1 1 T after\n", lines[i]);

		listing = kallmodsyms_parse(text, size, &error);
		if (!listing && error.line == 2 && error.what && !error.number)
			continue;
		kallmodsyms_free(listing);
		printf("# %s\n", lines[i]);
		check(false, "a malformed line is refused");
	}
	check(true, "malformed lines are refused, with their numbers");
	check(!kallmodsyms_parse("0 0 T a\n0 0 T", 13, &error) && error.line == 2,
	      "a file that is cut off is refused");
	check(!kallmodsyms_parse("0 0 T a\0b\n", 10, &error) && error.line == 1, "a NUL is refused");
	check(!kallmodsyms_read("/nonexistent", &error) && error.number && !error.line,
	      "a missing file is an error");
}

/* The expected symbol, by a search of all lines. */
static const struct kallmodsyms_symbol *slow_find(const struct kallmodsyms *listing, uint64_t address)
{
	const struct kallmodsyms_symbol *best = NULL;

	for (size_t i = 0; i < kallmodsyms_count(listing); i++) {
		const struct kallmodsyms_symbol *symbol = kallmodsyms_symbol(listing, i);

		if (address < symbol->address || address - symbol->address >= symbol->size)
			continue;
		if (!best || symbol->address > best->address ||
		    (symbol->address == best->address && symbol->size > best->size))
			best = symbol;
	}
	return best;
}

static unsigned int next_random(unsigned int below)
{
	static uint64_t state = 1;

	state = state * 6364136223846793005u + 1442695040888963407u;
	return (state >> 33) % below;
}

/*
 * Makes a listing of up to 40 symbols that start in the same 64 bytes, in any order: many overlap.
 * Returns true if each lookup agrees with a search of all lines.
 */
static bool made_up_listing_agrees(void)
{
	unsigned int count = 1 + next_random(40), longest = 1 + next_random(20);
	char text[40 * 32];
	size_t size = 0;
	struct kallmodsyms *listing;
	bool agrees = true;

	for (unsigned int i = 0; i < count; i++)
		size += snprintf(text + size, sizeof(text) - size, "%x %x t s%u\n",
				 1 + next_random(64), next_random(longest), i);
	listing = kallmodsyms_parse(text, size, NULL);
	for (uint64_t address = 0; listing && address < 100; address++)
		agrees &= kallmodsyms_find(listing, address) == slow_find(listing, address);
	if (!listing || !agrees)
		printf("# %.*s", (int)size, text);
	kallmodsyms_free(listing);
	return listing && agrees;
}

static void test_search(void)
{
	bool agrees = true;
	struct kallmodsyms *listing;

	for (int i = 0; agrees && i < 20000; i++)
		agrees = made_up_listing_agrees();
	check(agrees, "in 20000 listings each address has the symbol that a search of all lines finds");
	listing = parse("ffffffffffffff00 ffffffffffffffff t a\n");
	check(kallmodsyms_find(listing, UINT64_MAX) && !kallmodsyms_find(listing, 0),
	      "a symbol at the end of the address space");
	kallmodsyms_free(listing);
}

int main(void)
{
	test_forms();
	test_hidden();
	test_refusals();
	test_search();
	printf("1..%u\n", tests);
	return failures != 0;
}
