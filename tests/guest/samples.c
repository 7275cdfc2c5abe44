// SPDX-License-Identifier: GPL-2.0

/*
 * Tests the sample modules. The modules are built in, loadable, or built outside of the kernel's
 * tree, and log the same lines in all three cases.
 */

#include <stdlib.h>
#include <string.h>

#include "tests.h"

#define CALLER "[kallmodsyms_sample_caller]"
#define OBJECT "kernel/kallmodsyms/samples/modules/kallmodsyms_sample_caller.o"

/* The lines of /proc/modules have this form: romfs 12288 0 - Live 0xffffffffc0000000 */
static bool is_loaded(const char *module)
{
	struct text text = read_file("/proc/modules");
	size_t at = 0, size = strlen(module);
	struct line line;
	bool found = false;

	while (!found && next_line(text, &at, &line))
		found = line.size > size && !memcmp(line.start, module, size) &&
			line.start[size] == ' ';
	free(text.data);
	return found;
}

/*
 * Returns the next line, from @at on, that begins with the first word of @words, the name of a
 * module.
 */
static struct line next_line_of_module(struct text log, size_t at, const char *words)
{
	size_t name = strcspn(words, " ");
	struct line line;

	while (next_line(log, &at, &line)) {
		line = log_message(line);
		if (line.size > name && !memcmp(line.start, words, name))
			return line;
	}
	return (struct line){ "", 0 };
}

/*
 * Returns true if exactly one line has this beginning and this end. *@next becomes the next line
 * of the same module.
 */
static bool logged_once(struct text log, const char *beginning, const char *end, struct line *next)
{
	size_t at = 0, count = 0;
	struct line line;

	while (next_line(log, &at, &line)) {
		line = log_message(line);
		if (!line_begins(line, beginning) || !line_ends(line, end))
			continue;
		count++;
		*next = next_line_of_module(log, at, beginning);
	}
	if (count != 1)
		note("'%s...%s' is in the log %zu times", beginning, end, count);
	return count == 1;
}

/* Returns the size in /proc/kallmodsyms of call_samples(), the function that calls the samples. */
static unsigned long size_of_caller(void)
{
	struct text text = read_file(KALLMODSYMS);
	unsigned long size = 0;
	struct symbol symbol;
	struct line line;
	size_t at = 0;

	while (next_line(text, &at, &line))
		if (parse_symbol(line, &symbol) && line_is(symbol.name, "call_samples") &&
		    line_is(symbol.modules, CALLER))
			size = strtoul(symbol.size.start, NULL, 16);
	free(text.data);
	return size;
}

/*
 * Returns true if @line has the size of the function and an offset in it:
 * "kallmodsyms_sample_c: that is 5 bytes into a function of 20"
 */
static bool is_extent(struct line line, const char *sample, unsigned long size)
{
	char format[80], text[200];
	unsigned long offset, of;

	snprintf(format, sizeof(format), "%s: that is %%lu bytes into a function of %%lu", sample);
	snprintf(text, sizeof(text), "%.*s", (int)line.size, line.start);
	if (sscanf(text, format, &offset, &of) == 2 && of == size && offset < size)
		return true;
	note("'%s', expected: size %lu", text, size);
	return false;
}

/* Call this after all loadable modules of the kernel are loaded. */
void test_samples(void)
{
	unsigned long size;
	struct text log;
	struct line of_c = { "", 0 }, of_rust = of_c, next;
	bool in_c, in_rust;

	if (load_module_if_present("/lib/kallmodsyms_sample_c.ko")) {
		load_module_if_present("/lib/kallmodsyms_sample_rust.ko");
		load_module_if_present("/lib/kallmodsyms_sample_caller.ko");
	}
	log = read_log();
	size = size_of_caller();
	in_c = logged_once(log, "kallmodsyms_sample_c: called from call_samples+0x", " in " CALLER, &of_c);
	in_rust = logged_once(log, "kallmodsyms_sample_rust: called from ", CALLER, &of_rust);
	check(in_c && logged_once(log, "kallmodsyms_sample_c: called from do_one_initcall+0x",
				  " in no module", &next),
	      "the sample in C names the module of its caller");
	check(in_rust && logged_once(log, "kallmodsyms_sample_rust: this code is in ",
				     "[kallmodsyms_sample_rust]", &next),
	      "the sample in Rust names the module of its caller");
	/* Without CONFIG_KALLMODSYMS_SIZES, the kernel does not know the sizes of its own functions. */
	if (kernel_has("CONFIG_KALLMODSYMS_SIZES=y") || is_loaded("kallmodsyms_sample_caller"))
		check(size && in_c && is_extent(of_c, "kallmodsyms_sample_c", size) && in_rust &&
		      is_extent(of_rust, "kallmodsyms_sample_rust", size),
		      "the samples log the size of the function that called them");
	if (kernel_has("CONFIG_KALLMODSYMS_OBJECTS=y") && !is_loaded("kallmodsyms_sample_caller")) {
		in_c = logged_once(log, "kallmodsyms_sample_c: in the object file ", OBJECT, &next);
		in_rust = logged_once(log, "kallmodsyms_sample_rust: in the object file ", OBJECT,
				      &next);
		check(in_c && in_rust, "the samples log the object file of their caller");
	}
	free(log.data);
}
