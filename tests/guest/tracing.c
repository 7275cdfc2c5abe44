// SPDX-License-Identifier: GPL-2.0

/*
 * Tests tracers, which use the sizes of functions: kprobes decode a function from its start,
 * and the function tracer searches for its call between the start and the end of the function.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests.h"

/* A function that getppid() calls. */
#define TRACED "__task_pid_nr_ns"
/*
 * The function of getuid(). The function converts the value of its last call. So that call is no
 * tail call, and the last instruction is the return at every level of optimisation.
 */
#ifdef __x86_64__
#define GETUID_FUNCTION "__x64_sys_getuid"
#elif defined(__aarch64__)
#define GETUID_FUNCTION "__arm64_sys_getuid"
#elif defined(__riscv)
#define GETUID_FUNCTION "__riscv_sys_getuid"
#endif
#define CALLS 5
#define TRACEABLE TRACING "/available_filter_functions_addrs"
#define PROBES 300
#define BEHIND 20
#define CALL_BYTES 8
#define ENOUGH_NOTES 3

static struct core core;

static void call_traced(void)
{
	for (int i = 0; i < CALLS; i++)
		if (syscall(SYS_getppid) < 0 || syscall(SYS_getuid) < 0)
			give_up("getppid, getuid");
}

/* Returns true if the kernel accepts an event such as "p:entry vfs_read+0". */
bool kprobe_event(const char *format, ...)
{
	int fd = open(TRACING "/kprobe_events", O_WRONLY | O_APPEND);
	va_list arguments;
	bool taken;

	if (fd < 0)
		give_up("kprobe_events");
	va_start(arguments, format);
	taken = vdprintf(fd, format, arguments) > 0;
	va_end(arguments);
	close(fd);
	return taken;
}

void enable_kprobe(const char *name, bool enabled)
{
	char path[200];

	snprintf(path, sizeof(path), TRACING "/events/kprobes/%s/enable", name);
	write_file(path, enabled ? "1" : "0");
}

/* Returns the number of hits of a probe, from a line such as "  last_instruction    5    0". */
static unsigned long hits_of(const char *probe)
{
	struct text text = read_file(TRACING "/kprobe_profile");
	unsigned long hits = 0;
	size_t at = 0;
	struct line line;

	while (next_line(text, &at, &line)) {
		char name[100];
		unsigned long count;

		if (sscanf(line.start, "%99s %lu", name, &count) == 2 && !strcmp(name, probe))
			hits = count;
	}
	free(text.data);
	return hits;
}

/*
 * Probes the last instruction. The kernel accepts a probe only at the start of an instruction, so
 * this function tries each offset from the last byte backwards.
 */
static bool is_hit_at_end(unsigned long size)
{
	unsigned long offset = size, hits;

	while (offset && !kprobe_event("p:last_instruction " GETUID_FUNCTION "+%lu\n", offset - 1))
		offset--;
	if (!offset)
		return false;
	enable_kprobe("last_instruction", true);
	call_traced();
	enable_kprobe("last_instruction", false);
	hits = hits_of("last_instruction");
	note("the probe at offset %lu of %lu was hit %lu times", offset - 1, size, hits);
	/*
	 * An instruction of x86 has at most 15 bytes, an instruction of other architectures
	 * fewer.
	 */
	return hits >= CALLS && size - (offset - 1) <= 15;
}

bool file_has(const char *path, const char *words)
{
	struct text text = read_file(path);
	bool has = memmem(text.data, text.size, words, strlen(words));

	free(text.data);
	return has;
}

/* Parses "ffffffff81067704 vfs_read": the address of the tracer's call, and its function. */
static bool next_traceable(struct text text, size_t *at, unsigned long *address, struct line *name)
{
	while (next_line(text, at, name)) {
		const char *space = memchr(name->start, ' ', name->size);

		*address = strtoul(name->start, NULL, 16);
		if (!space)
			give_up("%.*s", (int)name->size, name->start);
		name->size -= space + 1 - name->start;
		name->start = space + 1;
		/* Skips functions of loadable modules. */
		if (is_looked_up(&core, *address))
			return true;
	}
	return false;
}

/*
 * Returns the offset of a probe at the start of TRACED: 0, or the offset behind the function
 * tracer's call. On riscv, the call is the first instruction, and the tracer cannot handle
 * probes. So the kernel refuses a kprobe on the call.
 */
static unsigned long first_offset(bool by_ftrace)
{
	struct text text = read_file(TRACEABLE);
	unsigned long start = core_symbol(&core, TRACED)->address, address, offset = 0;
	struct line name;
	size_t at = 0;

	while (!by_ftrace && next_traceable(text, &at, &address, &name))
		if (address == start)
			offset = CALL_BYTES;
	free(text.data);
	return offset;
}

/*
 * On some architectures, the function tracer handles a probe at the start of a function. The
 * tracer finds its call by the address and the size of the function.
 */
static bool is_hit_at_start(bool expected_by_ftrace)
{
	bool by_ftrace;

	if (!kprobe_event("p:entry " TRACED "+%lu\n", first_offset(expected_by_ftrace)))
		return false;
	enable_kprobe("entry", true);
	by_ftrace = file_has(TRACING "/enabled_functions", TRACED " (");
	call_traced();
	enable_kprobe("entry", false);
	note("by ftrace: %d, hit %lu times", by_ftrace, hits_of("entry"));
	return by_ftrace == expected_by_ftrace && hits_of("entry") >= CALLS;
}

/*
 * Returns true if a traced function uses the trampoline at this address:
 * "vfs_read (1)   tramp: 0xffffffffc0607000 (function_trace_call+0x0/0x124)"
 */
static bool is_in_use(struct line trampoline)
{
	char words[60];

	snprintf(words, sizeof(words), "tramp: 0x%.*s ", (int)trampoline.size, trampoline.start);
	return file_has(TRACING "/enabled_functions", words);
}

/*
 * Returns true if the file lists symbols named @name, each with a size. Skips unused trampolines:
 * the file lists the trampoline of kprobes even after the last probe is gone, but the kernel
 * finds only the sizes of used trampolines.
 */
static bool have_sizes(const char *name, bool are_trampolines)
{
	struct text text = read_file(KALLMODSYMS);
	size_t at = 0, lines = 0, without = 0;
	struct symbol symbol;
	struct line line;

	while (next_line(text, &at, &line))
		if (parse_symbol(line, &symbol) && line_is(symbol.name, name)) {
			note("%.*s", (int)line.size, line.start);
			if (are_trampolines && is_zero(symbol.size) && !is_in_use(symbol.address))
				continue;
			lines++;
			without += is_zero(symbol.size);
		}
	free(text.data);
	return lines && !without;
}

static bool is_traced_by_name(bool *trampolines)
{
	bool traced;

	write_file(TRACING "/current_tracer", "nop");
	write_file(TRACING "/set_ftrace_filter", TRACED);
	write_file(TRACING "/current_tracer", "function");
	call_traced();
	*trampolines = have_sizes("ftrace_trampoline", true);
	traced = file_has(TRACING "/trace", ": " TRACED " <-");
	write_file(TRACING "/current_tracer", "nop");
	return traced;
}

/*
 * Returns true if the first symbol at each traceable function has the name that the tracer
 * prints.
 */
static bool are_functions_named(size_t *count)
{
	struct text text = read_file(TRACEABLE);
	size_t at = 0, wrong = 0;
	unsigned long address;
	struct line name;

	*count = 0;
	while (next_traceable(text, &at, &address, &name)) {
		struct line named = place_at(&core, address).named->name;

		++*count;
		if ((named.size != name.size || memcmp(named.start, name.start, name.size)) &&
		    ++wrong <= ENOUGH_NOTES)
			note("%lx %.*s, expected: %.*s", address, (int)name.size, name.start,
			     (int)named.size, named.start);
	}
	free(text.data);
	return *count && !wrong;
}

/*
 * Returns true if kprobes on @name are forbidden: NOKPROBE_SYMBOL(x) defines a symbol
 * _kbl_addr_x.
 */
static bool is_marked(struct line name)
{
	char marker[600];

	snprintf(marker, sizeof(marker), "_kbl_addr_%.*s", (int)name.size, name.start);
	for (size_t i = 0; i < core.count; i++)
		if (line_is(core.symbols[i].name, marker))
			return true;
	return false;
}

/*
 * Returns true if the kernel accepts kprobes on functions behind the area that ends at @marker.
 * The kernel adds the functions of the area to the blacklist of kprobes one by one, and must stop
 * at the end of the area.
 */
static bool are_probes_accepted_behind(const char *marker)
{
	struct text text = read_file(TRACEABLE);
	unsigned long end = core_symbol(&core, marker)->address, address;
	/* If the kernel refuses kprobes on the tracer's call, probes the code behind the call. */
	unsigned long behind = kernel_has("CONFIG_KPROBES_ON_FTRACE=y") ? 0 : CALL_BYTES;
	size_t at = 0, count = 0, refused = 0;
	struct line name;

	while (count < BEHIND && next_traceable(text, &at, &address, &name)) {
		if (address < end || is_marked(name))
			continue;
		count++;
		if (kprobe_event("p:behind 0x%lx\n", address + behind)) {
			kprobe_event("-:behind\n");
			continue;
		}
		note("the kernel refuses a kprobe on %.*s", (int)name.size, name.start);
		refused++;
	}
	free(text.data);
	return count == BEHIND && !refused;
}

/*
 * Returns the number of listed pages with code for kprobes that use a jump instead of a
 * breakpoint.
 */
static size_t pages_of_jumps(void)
{
	struct text text = read_file(KALLMODSYMS);
	size_t at = 0, pages = 0;
	struct line line;
	struct symbol symbol;

	while (next_line(text, &at, &line))
		pages += parse_symbol(line, &symbol) && line_is(symbol.name, "kprobe_optinsn_page");
	free(text.data);
	return pages;
}

static bool is_code(const struct core_symbol *symbol)
{
	return symbol->size && (symbol->type == 't' || symbol->type == 'T');
}

/*
 * Returns true if no kprobe in the last 4 bytes of padding before a function uses a jump. A
 * jump of x86 has 5 bytes and would overwrite the start of that function. The kernel refuses
 * such a probe, or uses a breakpoint.
 */
static bool is_next_function_safe(size_t *tried)
{
	size_t before = pages_of_jumps(), after, probes = 0;

	*tried = 0;
	for (size_t i = 1; i < core.count && *tried < PROBES; i++) {
		const struct core_symbol *next = &core.symbols[i], *last;
		unsigned long from = next->address - 4;

		if (core.symbols[i - 1].address == next->address)
			continue;
		last = place_of(&core, i - 1).named;
		next = place_of(&core, i).named;
		if (!is_code(last) || !is_code(next))
			continue;
		if (from < last->address + last->size)
			from = last->address + last->size;
		for (; from < next->address; from++) {
			++*tried;
			if (kprobe_event("p:padding_%zu 0x%lx\n", probes, from)) {
				probes++;
				break;
			}
		}
	}
	after = pages_of_jumps();
	for (size_t i = 0; i < probes; i++)
		kprobe_event("-:padding_%zu\n", i);
	note("%zu kprobes tried, %zu accepted; %zu pages with jumps before, %zu after", *tried,
	     probes, before, after);
	return after == before;
}

void test_tracing(void)
{
	size_t count;
	bool named, safe, trampolines, by_ftrace;

	if (access(TRACING "/kprobe_events", W_OK) || access(TRACING "/set_ftrace_filter", W_OK))
		return;
	core = read_core();
	check(is_hit_at_end(core_symbol(&core, GETUID_FUNCTION)->size),
	      "a kprobe on a function's last instruction is hit");
	by_ftrace = kernel_has("CONFIG_KPROBES_ON_FTRACE=y");
	check(is_hit_at_start(by_ftrace), "a kprobe on a function's start is %s",
	      by_ftrace ? "hit, by ftrace" : "hit");
	check(is_traced_by_name(&trampolines), "a function in the filter of the tracer is traced");
#ifdef __x86_64__
	/* Other architectures have no trampoline for each instance of the tracer. */
	check(trampolines, "trampolines of ftrace have sizes");
#endif
	check(have_sizes("kprobe_insn_page", false), "pages of kprobes have sizes");
	named = are_functions_named(&count);
	check(named, "%zu traceable functions have their names", count);
	check(are_probes_accepted_behind("__noinstr_text_end"),
	      "the kernel accepts kprobes on functions behind the area without kprobes");
	if (core.sizes_stored) {
		safe = is_next_function_safe(&count);
		check(safe && count, "%zu kprobes in padding do not overwrite the next function",
		      count);
	}
	free(core.symbols);
}
