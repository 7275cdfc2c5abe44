// SPDX-License-Identifier: GPL-2.0

/*
 * Tests symbols that appear and disappear: symbols of loadable modules and of BPF
 * programs, and symbols of the code that kprobes and the function tracer allocate.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests.h"

/* A module for hardware that the guest does not have cannot be loaded. */
#define LOAD_ALL							\
	"find /lib/modules -name '*.ko' | sed 's,.*/,,; s,\\.ko$,,' |"	\
	" while read -r name; do modprobe \"$name\" || :; done"
#define CHURNED "minix"
#define KPROBES "__builtin__kprobes"

/* Counts the symbols in @module. *@sized is the number of symbols that have a size. */
static size_t symbols_of(const char *module, size_t *sized)
{
	struct text text = read_file(KALLMODSYMS);
	size_t at = 0, count = 0;
	struct line line;
	struct symbol symbol;
	char bracketed[80];

	*sized = 0;
	snprintf(bracketed, sizeof(bracketed), "[%s]", module);
	while (next_line(text, &at, &line)) {
		if (!parse_symbol(line, &symbol) || !line_is(symbol.modules, bracketed))
			continue;
		count++;
		*sized += !is_zero(symbol.size);
	}
	free(text.data);
	return count;
}

/* The lines of /proc/modules have this form: romfs 12288 0 - Live 0xffffffffc0000000 */
static bool every_loaded_module_has_symbols(void)
{
	struct text text = read_file("/proc/modules");
	size_t at = 0, modules = 0, sized;
	struct line line;
	bool all = true;

	while (next_line(text, &at, &line)) {
		const char *space = memchr(line.start, ' ', line.size);
		char *name = strndup(line.start, space - line.start);
		size_t count = symbols_of(name, &sized);

		modules++;
		if (!count || !sized) {
			note("%s: %zu symbols, %zu with a size", name, count, sized);
			all = false;
		}
		free(name);
	}
	free(text.data);
	return modules && all;
}

/*
 * Adds kprobes until the file lists an instruction slot. A kprobe has no slot if the function
 * tracer handles the kprobe at the start of a function, or if the kernel simulates the
 * instruction. The kernel refuses an offset inside an instruction.
 */
static void add_kprobes(void)
{
	size_t sized;

	for (int offset = 16; offset < 80; offset++) {
		char name[40];

		snprintf(name, sizeof(name), "probe_%d", offset);
		if (!kprobe_event("p:%s vfs_fsync_range+%d\n", name, offset))
			continue;
		enable_kprobe(name, true);
		if (symbols_of(KPROBES, &sized))
			return;
	}
	give_up("no kprobe has an instruction slot");
}

static void add_function_trace(void)
{
	write_file(TRACING "/set_ftrace_filter", "vfs_fsync_range");
	write_file(TRACING "/current_tracer", "function");
}

static void check_has(const char *module)
{
	size_t sized;

	check(symbols_of(module, &sized), "the file lists symbols in [%s]", module);
}

void load_all_modules(void)
{
	run_command(LOAD_ALL);
}

void test_modules(void)
{
	load_all_modules();
	check(every_loaded_module_has_symbols(), "every loaded module has symbols with sizes");
	test_rule("with loaded modules");

	if (has_programs()) {
		enable_programs();
		/* The program stays loaded until this process ends. */
		if (load_program(2) < 0)
			give_up("loading a BPF program");
		check_has("bpf");
	}
	if (!mount("tracefs", TRACING, "tracefs", 0, NULL)) {
		if (!access(TRACING "/kprobe_events", W_OK)) {
			add_kprobes();
			check_has(KPROBES);
		}
		if (!access(TRACING "/set_ftrace_filter", W_OK)) {
			add_function_trace();
#ifdef __x86_64__
			/* Other architectures have no trampoline for each instance of the tracer. */
			check_has("__builtin__ftrace");
#endif
		}
	}
	test_rule("with BPF and tracing in use");
}

static bool reads_well_formed(void)
{
	struct text text = read_file(KALLMODSYMS);
	size_t at = 0, lines = 0;
	struct line line;
	struct symbol symbol;

	while (next_line(text, &at, &line)) {
		lines++;
		if (!parse_symbol(line, &symbol)) {
			note("line %zu: %.*s", lines, (int)line.size, line.start);
			return false;
		}
	}
	free(text.data);
	return lines;
}

/* Reads the file while a child process loads and unloads a module. */
void test_churn(void)
{
	bool well_formed = true;
	pid_t child = fork();
	size_t reads = 0;

	if (child < 0)
		give_up("fork");
	if (!child) {
		for (int i = 0; i < 20; i++)
			run_command("modprobe -r " CHURNED " && modprobe " CHURNED);
		_exit(0);
	}
	while (!waitpid(child, NULL, WNOHANG)) {
		well_formed = well_formed && reads_well_formed();
		reads++;
	}
	note("read the file %zu times", reads);
	check(well_formed && reads,
	      "every line is well-formed while a module is loaded and unloaded");
	test_rule("after a module was loaded and unloaded");
}
