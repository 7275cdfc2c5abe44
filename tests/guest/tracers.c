// SPDX-License-Identifier: GPL-2.0

/*
 * Tests tracers with the names of built-in modules. A filter of the function tracer and a
 * kprobe take the name of a built-in module as they take the name of a loaded one.
 * /proc/kallmodsyms says what they must select.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests.h"

#define FILTER TRACING "/set_ftrace_filter"
#define NOTRACE TRACING "/set_ftrace_notrace"
#define EVENTS TRACING "/set_event"
#define PROBES TRACING "/kprobe_events"
#define PERF_TYPE "/sys/bus/event_source/devices/kprobe/type"
#define REGISTERED "/sys/kernel/debug/kprobes/list"
#define CALL_BYTES 8
#define MODULES 12
#define PROBED 10

/* A function of the kernel that the tracer can trace. */
struct function {
	unsigned long address;	/* of the symbol */
	struct line name, modules, object;
	size_t namesakes;	/* symbols with this name, with the function itself */
	bool in_loaded;		/* a loaded module has a symbol with this name, too */
};

static struct function *functions;
static size_t function_count;
static struct symbol *symbols;
static size_t symbol_count;
static const char *loaded;	/* the text of the symbols of loaded modules */
/*
 * The offset of a probe from the start of a function. On riscv, the call of the function tracer is
 * at the start, and the kernel refuses a kprobe there.
 */
static unsigned long entry;

static unsigned long address_of(const struct symbol *symbol)
{
	return strtoul(symbol->address.start, NULL, 16);
}

static int by_name(const void *a, const void *b)
{
	return compare_lines(((const struct symbol *)a)->name, ((const struct symbol *)b)->name);
}

/* The symbols of this name are *@first and the symbols after it. Returns their number. */
static size_t symbols_named(struct line name, const struct symbol **first)
{
	struct symbol key = { .name = name }, *found;
	size_t count = 0;

	found = bsearch(&key, symbols, symbol_count, sizeof(*symbols), by_name);
	if (!found)
		return 0;
	while (found > symbols && !by_name(found - 1, &key))
		found--;
	*first = found;
	while (found + count < symbols + symbol_count && !by_name(found + count, &key))
		count++;
	return count;
}

/* Reads the symbols of the kernel and of loaded modules, and sorts them by name. */
static void read_symbols(struct text text)
{
	struct core core = read_core();
	struct line line;
	size_t at = 0;

	symbols = calloc(text.size / 20, sizeof(*symbols));
	if (!symbols)
		give_up("no memory for symbols");
	for (symbol_count = 0; next_line(text, &at, &line); symbol_count++) {
		if (symbol_count == core.count)
			loaded = line.start;
		if (!parse_symbol(line, &symbols[symbol_count]))
			give_up("%.*s", (int)line.size, line.start);
	}
	free(core.symbols);
	qsort(symbols, symbol_count, sizeof(*symbols), by_name);
}

/*
 * Reads the functions of the kernel that the tracer can trace: "ffffffff81067704 vfs_read". The
 * address is in the function, but is not always the address of its symbol.
 */
static void read_functions(struct text text)
{
	bool by_ftrace = kernel_has("CONFIG_KPROBES_ON_FTRACE=y");
	struct line line;
	size_t at = 0;

	functions = calloc(text.size / 20, sizeof(*functions));
	if (!functions)
		give_up("no memory for functions");
	while (next_line(text, &at, &line)) {
		struct function *function = &functions[function_count];
		unsigned long address = strtoul(line.start, NULL, 16);
		const char *name = memchr(line.start, ' ', line.size);
		const struct symbol *symbol;
		size_t nearest = 64;

		if (!name || memchr(line.start, '\t', line.size))
			continue;
		name++;
		function->in_loaded = false;
		function->name = (struct line){ name, line.start + line.size - name };
		function->namesakes = symbols_named(function->name, &symbol);
		for (size_t i = 0; i < function->namesakes; i++, symbol++) {
			function->in_loaded |= loaded && symbol->name.start >= loaded;
			if (address - address_of(symbol) < nearest) {
				nearest = address - address_of(symbol);
				function->address = address_of(symbol);
				function->modules = symbol->modules;
				function->object = symbol->object;
			}
		}
		function_count += nearest < 64;
		if (!nearest && !by_ftrace)
			entry = CALL_BYTES;
	}
}

static bool is_in(struct line modules, const char *module)
{
	char bracketed[80];

	snprintf(bracketed, sizeof(bracketed), "[%s]", module);
	return memmem(modules.start, modules.size, bracketed, strlen(bracketed));
}

/* Writes a line to a file. Returns 0 or the error number. */
static int put_line(const char *path, int flags, const char *format, ...)
{
	int fd = open(path, O_WRONLY | flags), error = 0;
	va_list arguments;

	if (fd < 0)
		give_up("%s", path);
	va_start(arguments, format);
	if (vdprintf(fd, format, arguments) < 0)
		error = errno;
	va_end(arguments);
	if (close(fd) && !error)
		error = errno;
	return error;
}

/* Returns true if the filter has exactly the functions for which wanted() returns true. */
static bool has_exactly(const char *filter, bool wanted(const struct function *, const char *),
			const char *argument)
{
	struct text text = read_file(filter);
	size_t at = 0, count = 0;
	struct line line = {};
	bool same = true;

	for (size_t i = 0; same && i < function_count; i++) {
		if (!wanted(&functions[i], argument))
			continue;
		same = next_line(text, &at, &line) && !compare_lines(line, functions[i].name);
		count++;
		if (!same)
			note("%s, %s: %.*s, expected: %.*s", filter, argument, (int)line.size,
			     line.start, (int)functions[i].name.size, functions[i].name.start);
	}
	if (same && count && next_line(text, &at, &line)) {
		note("%s, %s: %.*s, expected: no more", filter, argument, (int)line.size,
		     line.start);
		same = false;
	}
	free(text.data);
	return same && count;
}

static bool is_in_module(const struct function *function, const char *module)
{
	return is_in(function->modules, module);
}

static bool is_inode_function(const struct function *function, const char *module)
{
	return is_in(function->modules, module) &&
	       memmem(function->name.start, function->name.size, "inode", 5);
}

static bool is_other_function(const struct function *function, const char *module)
{
	return is_in(function->modules, module) && !is_inode_function(function, module);
}

static bool is_in_module_ext(const struct function *function, const char *unused)
{
	(void)unused;
	return memmem(function->modules.start, function->modules.size, "[ext", 4);
}

/*
 * Takes the names of modules out of the functions, each once. Prefers modules that share an
 * object file.
 */
static size_t choose_modules(char names[MODULES][64])
{
	size_t count = 0;

	for (int single = 0; single < 2; single++)
		for (size_t i = 0; i < function_count && count < MODULES; i++) {
			struct line modules = functions[i].modules;
			const char *end = memchr(modules.start, ']', modules.size);
			size_t known = 0;

			if (!end || (end == modules.start + modules.size - 1) != single)
				continue;
			snprintf(names[count], sizeof(*names), "%.*s",
				 (int)(end - modules.start - 1), modules.start + 1);
			while (strcmp(names[known], names[count]))
				known++;
			count += known == count;
		}
	return count;
}

static void test_filter(void)
{
	char names[MODULES][64];
	size_t count = choose_modules(names);
	bool all = true;

	for (size_t i = 0; i < count; i++) {
		all &= !put_line(FILTER, O_TRUNC, ":mod:%s\n", names[i]) &&
		       has_exactly(FILTER, is_in_module, names[i]);
	}
	check(all && count, "a filter selects the functions of %zu built-in modules", count);
	check(!put_line(FILTER, O_TRUNC, ":mod:no_such_module\n") &&
	      !put_line(FILTER, O_APPEND, "!*:mod:no_such_module\n"),
	      "the filter keeps the name of a module that does not exist yet");
	put_line(FILTER, O_TRUNC, "\n");
}

/* Returns true if ext4 is built in, and not a loaded module. */
static bool has_ext4(void)
{
	for (size_t i = 0; i < function_count; i++)
		if (is_in(functions[i].modules, "ext4"))
			return true;
	return false;
}

static void test_patterns(void)
{
	check(!put_line(NOTRACE, O_TRUNC, ":mod:ext4\n") &&
	      has_exactly(NOTRACE, is_in_module, "ext4"),
	      "a filter of functions that are not traced takes a built-in module");
	put_line(NOTRACE, O_TRUNC, "\n");
	check(!put_line(FILTER, O_TRUNC, "*inode*:mod:ext4\n") &&
	      has_exactly(FILTER, is_inode_function, "ext4"),
	      "a pattern selects among the functions of a built-in module");
	check(!put_line(FILTER, O_TRUNC, ":mod:ext4\n") &&
	      !put_line(FILTER, O_APPEND, "!*inode*:mod:ext4\n") &&
	      has_exactly(FILTER, is_other_function, "ext4"),
	      "a pattern removes functions of a built-in module from the filter");
	check(!put_line(FILTER, O_TRUNC, ":mod:ext*\n") &&
	      has_exactly(FILTER, is_in_module_ext, NULL),
	      "a pattern selects built-in modules");
	check(put_line(FILTER, O_TRUNC, "no_such_function:mod:ext4\n") == EINVAL,
	      "the filter refuses a function that a built-in module does not have");
	put_line(FILTER, O_TRUNC, "\n");
}

/* Puts a probe at a place. The result is 0 or the error number. */
#define put_probe(...) put_line(PROBES, O_APPEND, "p:by_place " __VA_ARGS__)

static void remove_probe(void)
{
	put_line(PROBES, O_APPEND, "-:by_place\n");
}

/*
 * Returns true if a probe is registered in @function, which a file in debugfs shows by its
 * address, or if the kernel has no such file.
 */
static bool is_probed(const struct function *function)
{
	struct text text;
	size_t at = 0;
	struct line line;
	bool found = false;

	if (access(REGISTERED, R_OK))
		return true;
	text = read_file(REGISTERED);
	while (next_line(text, &at, &line))
		found |= strtoul(line.start, NULL, 16) - function->address < 64;
	free(text.data);
	return found;
}

/*
 * Returns true if the name alone is refused for an ambiguous @function, and the name with @place
 * is a probe in @function.
 */
static bool is_found_in(const struct function *function, struct line place)
{
	const char *name = function->name.start;
	int length = function->name.size;
	int alone = put_probe("%.*s+%lu\n", length, name, entry), error;
	bool right;

	if (!alone)
		remove_probe();
	error = put_probe("%.*s:%.*s+%lu\n", (int)place.size, place.start, length, name, entry);
	right = alone == (function->namesakes > 1 ? EINVAL : 0) && !error &&
		is_probed(function);
	if (!right)
		note("%.*s: %s; in %.*s: %s", length, name, strerror(alone), (int)place.size,
		     place.start, strerror(error));
	if (!error)
		remove_probe();
	return right;
}

/* The number of symbols in @module with the name of @function. */
static size_t namesakes_in(struct line module, const struct function *function)
{
	size_t count = 0, all;
	const struct symbol *symbol;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)module.size, module.start);
	all = symbols_named(function->name, &symbol);
	for (size_t i = 0; i < all; i++, symbol++)
		count += is_in(symbol->modules, name);
	return count;
}

/*
 * Probes functions of built-in modules. If @ambiguous, probes functions whose name is also that
 * of a function elsewhere.
 */
static void test_probes(bool ambiguous)
{
	struct line modules[PROBED];
	size_t tried = 0, right = 0;

	for (size_t i = 0; i < function_count && tried < PROBED; i++) {
		const struct function *function = &functions[i];
		const char *start = function->modules.start + 1;
		const char *end = memchr(start, ']', function->modules.size);
		size_t known = 0;

		if (!end || function->in_loaded || (function->namesakes > 1) != ambiguous)
			continue;
		modules[tried] = (struct line){ start, end - start };
		if (namesakes_in(modules[tried], function) != 1)
			continue;
		while (compare_lines(modules[known], modules[tried]))
			known++;
		if (known < tried)
			continue;
		right += is_found_in(function, modules[tried++]);
	}
	if (tried)
		check(right == tried, "kprobes on %zu %sfunctions of built-in modules are where %s",
		      tried, ambiguous ? "ambiguous " : "", "MODULE:SYMBOL says");
}

/*
 * Probes functions that share their name and modules with other functions, by the end of the path
 * of the object file, as in the file. kprobe_events takes the characters + and - for an offset.
 */
static void test_object_probes(void)
{
	size_t tried = 0, right = 0;

	for (size_t i = 0; i < function_count && tried < PROBED; i++) {
		struct line path = functions[i].object;

		if (!path.size || functions[i].in_loaded || memchr(path.start, '-', path.size) ||
		    memchr(path.start, '+', path.size))
			continue;
		tried++;
		right += is_found_in(&functions[i], (struct line){ path.start + 1, path.size - 2 });
	}
	if (tried)
		check(right == tried, "kprobes on %zu functions are where OBJECT:SYMBOL says",
		      tried);
}

static size_t lines_with(const char *path, const char *start)
{
	struct text text = read_file(path);
	size_t at = 0, count = 0;
	struct line line;

	while (next_line(text, &at, &line))
		count += line_begins(line, start);
	free(text.data);
	return count;
}

/* Linux 6.14 and later can enable the events of a module. */
static void test_events(void)
{
	size_t all = lines_with(TRACING "/available_events", "ext4:"), set;

	if (!file_has(TRACING "/README", "Can enable module events"))
		return;
	check(!put_line(EVENTS, O_TRUNC, ":mod:ext4\n"),
	      "the events of a built-in module can be enabled");
	set = lines_with(EVENTS, "ext4:");
	check(all && set == all && lines_with(EVENTS, "") == all,
	      "all %zu events of a built-in module are enabled, and no others", all);
	check(put_line(EVENTS, O_TRUNC, "no_such_event:mod:ext4\n") == EINVAL,
	      "an event that a built-in module does not have cannot be enabled");
	put_line(EVENTS, O_TRUNC, "\n");
}

/* Returns true if perf_event_open() makes a probe at @place. */
static bool is_accepted_by_perf(int type, const char *place)
{
	struct perf_event_attr attributes = {
		.type = type,
		.size = sizeof(attributes),
		.config1 = (unsigned long)place,
		.config2 = entry,
	};
	int fd = syscall(SYS_perf_event_open, &attributes, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static void test_perf(void)
{
	struct text type;

	if (access(PERF_TYPE, R_OK))
		return;
	type = read_file(PERF_TYPE);
	check(is_accepted_by_perf(atoi(type.data), "ext4:ext4_file_open") &&
	      !is_accepted_by_perf(atoi(type.data), "ext4:no_such_function"),
	      "perf_event_open() finds functions of a built-in module");
	free(type.data);
}

static void test_probes_in_ext4(void)
{
	if (!entry) {
		check(!put_line(PROBES, O_APPEND, "r:by_place ext4:ext4_file_open\n"),
		      "a kretprobe finds a function of a built-in module");
		remove_probe();
	}
	check(put_probe("ext4:no_such_function\n") == EINVAL,
	      "a kprobe on a function that a built-in module does not have is refused");
	check(!put_probe("no_such_module:vfs_read\n"),
	      "a kprobe on a module that does not exist yet waits for the module");
	remove_probe();
	check(put_probe("ext4:vfs_read\n") == EINVAL,
	      "a kprobe on a function of the kernel is refused in a built-in module");
	if (kernel_has("CONFIG_SAMPLE_KALLMODSYMS_PAIR=y"))
		check(put_probe("kallmodsyms_pair_a:pair_print\n") == EINVAL,
		      "a kprobe on an ambiguous function of a built-in module is refused");
	if (!kernel_has("CONFIG_KALLMODSYMS_OBJECTS=y"))
		return;
	check(!put_probe("fs/read_write.o:vfs_read+%lu\n", entry),
	      "a kprobe on a function of an object file is accepted");
	remove_probe();
	check(!put_line(PROBES, O_APPEND, "p fs/read_write.o:vfs_read+%lu\n", entry) &&
	      !put_line(PROBES, O_APPEND, "-:p_fs_read_write_o_vfs_read_%lu\n", entry),
	      "an event without a name gets one for the function of an object file");
	check(put_probe("fs/read_write.o:no_such_function\n") == EINVAL,
	      "a kprobe on a function that an object file does not have is refused");
}

void test_tracers(void)
{
	struct text listing, traceable;

	if (access(PROBES, W_OK) || access(FILTER, W_OK))
		return;
	listing = read_file(KALLMODSYMS);
	traceable = read_file(TRACING "/available_filter_functions_addrs");
	read_symbols(listing);
	read_functions(traceable);
	test_filter();
	test_probes(false);
	test_probes(true);
	if (kernel_has("CONFIG_KALLMODSYMS_OBJECTS=y"))
		test_object_probes();
	if (has_ext4()) {
		test_patterns();
		test_probes_in_ext4();
		test_perf();
		test_events();
	}
	free(functions);
	free(symbols);
	free(traceable.data);
	free(listing.data);
}
