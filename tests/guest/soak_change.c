// SPDX-License-Identifier: GPL-2.0

/*
 * Changes the contents of the file during the soak: adds and removes loadable modules, kprobes, BPF
 * programs and function tracers. Also compares lookups with the answers before the soak.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "soak.h"

#define MOST_FILES 64
#define INSTANCE TRACING "/instances/soak"
#define LOOKED_UP 512

static struct {
	char *path, *name;
} files[MOST_FILES];
static size_t file_count;

static void wait_a_bit(void)
{
	usleep(soak_pick(20000));
}

/* Stores the path and the name of a module, such as "/lib/modules/6.12/kernel/lib/crc7.ko". */
static int note_file(const char *path, const struct stat *, int, struct FTW *place)
{
	const char *dot = strrchr(path, '.');

	if (!dot || strcmp(dot, ".ko"))
		return 0;
	if (file_count == MOST_FILES)
		give_up("more than %d modules", MOST_FILES);
	files[file_count].path = strdup(path);
	files[file_count].name = strdup(path + place->base);
	*strrchr(files[file_count].name, '.') = '\0';
	for (char *at = files[file_count].name; *at; at++)
		if (*at == '-')
			*at = '_';
	allow_module(files[file_count].name);
	return ++file_count, 0;
}

void find_modules(void)
{
	if (nftw("/lib/modules", note_file, 8, FTW_PHYS) || file_count < 2)
		give_up("%zu modules in /lib/modules", file_count);
}

/* Two processes run this function, so a module may already be loaded or unloaded. */
void load_and_unload(size_t first)
{
	for (size_t i = first; !counts->over; i++) {
		const char *name = files[i % file_count].name;
		int fd = open(files[i % file_count].path, O_RDONLY);

		if (fd < 0)
			give_up("%s", files[i % file_count].path);
		if (!syscall(SYS_finit_module, fd, "", 0))
			counts->loads++;
		else if (errno != EEXIST && errno != EBUSY)
			wrong("loading %s: %m", name);
		close(fd);
		wait_a_bit();
		if (!syscall(SYS_delete_module, name, O_NONBLOCK))
			counts->unloads++;
		else if (errno != ENOENT && errno != EBUSY && errno != EWOULDBLOCK)
			wrong("unloading %s: %m", name);
	}
}

/*
 * On some architectures, the function tracer handles a probe at the start of a function. A probe
 * at another offset may need an instruction slot. The kernel refuses an offset inside an
 * instruction.
 */
void add_and_remove_probes(void)
{
	for (size_t i = 0; !counts->over; i++) {
		size_t offset = i % 2 ? 0 : 1 + soak_pick(40);

		if (!kprobe_event("p:soak vfs_fsync_range+%zu\n", offset)) {
			if (!offset)
				wrong("adding a kprobe: %m");
			continue;
		}
		counts->probes_added++;
		enable_kprobe("soak", true);
		wait_a_bit();
		enable_kprobe("soak", false);
		if (kprobe_event("-:soak\n"))
			counts->probes_removed++;
		else
			wrong("removing a kprobe: %m");
	}
}

void add_and_remove_programs(void)
{
	while (!counts->over) {
		int program = load_program(2 + soak_pick(62)), pair[2];
		char byte = 0;

		if (program < 0 || socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) ||
		    setsockopt(pair[1], SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof(program))) {
			wrong("attaching a BPF program: %m");
			return;
		}
		counts->programs_added++;
		if (write(pair[0], &byte, 1) != 1 && errno != EPERM)
			wrong("a socket with a BPF program: %m");
		wait_a_bit();
		close(pair[0]);
		close(pair[1]);
		close(program);
		counts->programs_removed++;
	}
}

/* Starts and stops the function tracer, and an instance: on x86_64, it has its own trampoline. */
void start_and_stop_tracers(void)
{
	if (mkdir(INSTANCE, 0700) && errno != EEXIST)
		give_up(INSTANCE);
	write_file(TRACING "/set_ftrace_filter", "vfs_fsync_range");
	write_file(INSTANCE "/set_ftrace_filter", "ksys_sync");
	while (!counts->over) {
		const char *tracer = soak_pick(2) ? TRACING "/current_tracer" :
			INSTANCE "/current_tracer";

		write_file(tracer, "function");
		counts->tracers_started++;
		wait_a_bit();
		write_file(tracer, "nop");
		counts->tracers_stopped++;
	}
}

/* The kernel's own symbols, and the answers for their addresses before the soak. */
static struct core core;
static struct answers {
	const char *file;
	struct line *lines;
} quiet[] = { { .file = LOOKUP }, { .file = MODULES_OF } };

static void find_quiet_answers(struct answers *answers)
{
	unsigned long *addresses = calloc(core.count, sizeof(*addresses));
	struct text text;
	size_t at = 0;

	answers->lines = calloc(core.count, sizeof(*answers->lines));
	for (size_t i = 0; i < core.count; i++)
		addresses[i] = core.symbols[i].address;
	text = ask(answers->file, addresses, core.count);
	for (size_t i = 0; i < core.count; i++)
		if (!next_line(text, &at, &answers->lines[i]))
			give_up("%zu answers to %zu lookups", i, core.count);
	free(addresses);
}

/* Checks that the answers for the kernel's own addresses stay the same. */
static void look_up_core(const struct answers *answers)
{
	unsigned long addresses[LOOKED_UP];
	size_t first = soak_pick(core.count - LOOKED_UP), at = 0;
	struct text text;

	for (size_t i = 0; i < LOOKED_UP; i++)
		addresses[i] = core.symbols[first + i].address;
	text = ask(answers->file, addresses, LOOKED_UP);
	for (size_t i = 0; i < LOOKED_UP; i++) {
		struct line line, expected = answers->lines[first + i];

		if (!next_line(text, &at, &line) || line.size != expected.size ||
		    memcmp(line.start, expected.start, line.size))
			wrong("%s of %lx is not %.*s", answers->file, addresses[i],
			      (int)expected.size, expected.start);
	}
	counts->lookups += LOOKED_UP;
	free(text.data);
}

/*
 * Checks that each of @addresses is in an expected module or in no module. @addresses are from
 * lines of the file, but their symbols may be gone by now.
 */
static void look_up_modules(const unsigned long *addresses, size_t count)
{
	struct text text = ask(MODULES_OF, addresses, count);
	size_t at = 0, lines = 0;
	struct line line;

	while (next_line(text, &at, &line)) {
		lines++;
		if (line.size && !is_allowed_module(line))
			wrong("a lookup found the modules %.*s", (int)line.size, line.start);
	}
	if (lines != count)
		wrong("%zu answers to %zu lookups", lines, count);
	counts->lookups += count;
	free(text.data);
	text = ask(LOOKUP, addresses, count);
	free(text.data);
}

/*
 * Stores the addresses of symbols near the end of the file that have an expected name in brackets.
 * Returns their number.
 */
static size_t last_addresses(unsigned long *addresses)
{
	struct text text = read_file(KALLMODSYMS);
	size_t at = 0, count = 0;
	struct line line;
	struct symbol symbol;

	if (text.size > 60 * LOOKED_UP)
		at = text.size - 60 * LOOKED_UP;
	next_line(text, &at, &line);
	while (count < LOOKED_UP && next_line(text, &at, &line))
		if (parse_symbol(line, &symbol) && is_allowed_module(symbol.modules))
			addresses[count++] = strtoul(symbol.address.start, NULL, 16);
	free(text.data);
	return count;
}

void prepare_lookups(void)
{
	core = read_core();
	for (size_t i = 0; i < sizeof(quiet) / sizeof(*quiet); i++)
		find_quiet_answers(&quiet[i]);
}

void look_up(void)
{
	unsigned long addresses[LOOKED_UP];

	while (!counts->over) {
		size_t count = last_addresses(addresses);

		for (int i = 0; i < 10 && !counts->over; i++) {
			look_up_core(&quiet[i % 2]);
			if (count)
				look_up_modules(addresses, count);
		}
	}
}
