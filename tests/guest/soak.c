// SPDX-License-Identifier: GPL-2.0

/* Runs readers, and processes that change the contents of the file, at the same time. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "soak.h"

#define ENOUGH_NOTES 20
/* The number of seconds from one note to the next note. */
#define BETWEEN_NOTES 10
/*
 * The number of seconds for a process to end after the soak. After that time, the process counts
 * as hung.
 */
#define PATIENCE 60
#define MOST_TASKS 16
/* The least number of reads, lookups and changes of each kind. */
#define ENOUGH 5
/* On a slow machine, the soak may last up to this many times the given time. */
#define LONGEST 10

struct soak_counts *counts;

static unsigned long random_state;
static pid_t tasks[MOST_TASKS];
static size_t task_count;
static struct expected root_lines, user_lines;
static int shared_file;

void wrong(const char *format, ...)
{
	char text[400];
	va_list arguments;

	if (counts->wrong++ >= ENOUGH_NOTES)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	note("wrong: %s", text);
}

size_t soak_pick(size_t limit)
{
	random_state = random_state * 6364136223846793005UL + 1442695040888963407UL;
	return (random_state >> 20) % limit;
}

static void start_task(void (*run)(void), bool is_reader)
{
	pid_t child = fork();

	if (child < 0 || task_count == MOST_TASKS)
		give_up("fork");
	if (!child) {
		random_state += (task_count + 1) * 0x9e3779b97f4a7c15UL;
		/* The processes that change the contents must not wait for the readers. */
		if (is_reader && nice(10) < 0)
			give_up("nice");
		run();
		_exit(0);
	}
	tasks[task_count++] = child;
}

static void root_in_a_row(void)
{
	read_in_a_row(&root_lines);
}

static void root_at_random(void)
{
	read_at_random(&root_lines, shared_file);
}

static void root_at_the_end(void)
{
	read_the_end(&root_lines);
}

static void user_in_a_row(void)
{
	become_user();
	read_in_a_row(&user_lines);
}

static void user_at_random(void)
{
	int shared;

	become_user();
	shared = open(KALLMODSYMS, O_RDONLY);
	read_at_random(&user_lines, shared);
}

static void modules_up(void)
{
	load_and_unload(0);
}

static void modules_down(void)
{
	load_and_unload(1);
}

static void note_counts(const char *when, unsigned int seconds)
{
	note("%s %u s: %lu lines and %lu MiB in %lu reads and %lu preads, %lu lookups; modules +%lu "
	     "-%lu, kprobes +%lu -%lu, BPF programs +%lu -%lu, tracers +%lu -%lu; %lu wrong",
	     when, seconds, counts->lines, counts->bytes / MIB, counts->reads, counts->preads,
	     counts->lookups, counts->loads, counts->unloads, counts->probes_added,
	     counts->probes_removed, counts->programs_added, counts->programs_removed,
	     counts->tracers_started, counts->tracers_stopped, counts->wrong);
}

/* Returns the listing that a user reads before the soak, in shared memory. */
static struct expected quiet_listing_of_user(void)
{
	struct expected *shared = mmap(NULL, 32 * MIB, PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *data = (char *)(shared + 1);
	pid_t child = fork();

	if (shared == MAP_FAILED || child < 0)
		give_up("the quiet listing of a user");
	if (!child) {
		become_user();
		*shared = quiet_listing();
		if (shared->core.size > 31 * MIB)
			give_up("%zu bytes", shared->core.size);
		for (size_t i = 0; i < shared->core.size; i++)
			data[i] = shared->core.data[i];
		_exit(0);
	}
	if (waitpid(child, NULL, 0) != child || !shared->core.size)
		give_up("the quiet listing of a user");
	shared->core.data = data;
	return *shared;
}

/* Returns true if the processes made enough reads, lookups, and changes of each kind. */
static bool is_enough(void)
{
	return counts->lines >= MIB && counts->reads >= ENOUGH && counts->preads >= ENOUGH &&
	       counts->lookups >= ENOUGH && counts->unloads >= ENOUGH &&
	       counts->probes_removed >= ENOUGH && counts->programs_removed >= ENOUGH &&
	       counts->tracers_stopped >= ENOUGH;
}

/* Returns true if all processes ended by themselves, with exit code 0. */
static bool all_end(void)
{
	bool all = true;

	counts->over = true;
	for (size_t i = 0; i < task_count; i++) {
		int status = -1, patience = PATIENCE * 10;

		while (!waitpid(tasks[i], &status, WNOHANG) && patience--)
			usleep(100000);
		if (!status)
			continue;
		all = false;
		note("task %zu has %s", i, status == -1 ? "not ended" : "died");
		kill(tasks[i], SIGKILL);
	}
	return all;
}

void test_soak(unsigned int seconds)
{
	void (*const readers[])(void) = {
		root_in_a_row, root_at_random, root_at_random, root_at_the_end, root_at_the_end,
		user_in_a_row, user_at_random, look_up,
	};
	void (*const changers[])(void) = {
		modules_up, modules_down, add_and_remove_probes, add_and_remove_programs,
		start_and_stop_tracers,
	};
	time_t start = time(NULL);
	unsigned int said = 0;

	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (counts == MAP_FAILED)
		give_up("mmap");
	random_state = start;
	mount("tracefs", TRACING, "tracefs", 0, NULL);
	enable_programs();
	load_lookup_module();
	allow_module("kallmodsyms_lookup");
	allow_module("bpf");
	allow_module("__builtin__ftrace");
	allow_module("__builtin__kprobes");
	find_modules();
	prepare_lookups();
	root_lines = quiet_listing();
	user_lines = quiet_listing_of_user();
	check(!root_lines.hidden && user_lines.hidden, "root sees addresses and a user does not");
	shared_file = open(KALLMODSYMS, O_RDONLY);

	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++)
		start_task(readers[i], true);
	for (size_t i = 0; i < sizeof(changers) / sizeof(*changers); i++)
		start_task(changers[i], false);
	start = time(NULL);
	for (unsigned int passed = 0; passed < seconds || (!is_enough() && passed < LONGEST * seconds);
	     passed = time(NULL) - start) {
		if (passed >= said + BETWEEN_NOTES)
			note_counts("after", said = passed);
		usleep(200000);
	}
	check(all_end(), "all processes that read or change the file end");
	note_counts("in all", time(NULL) - start);
	check(!counts->wrong, "%lu lines are right while modules, kprobes, BPF programs "
	      "and tracers are added and removed", counts->lines);
	check(is_enough(),
	      "the processes made enough reads, lookups and changes of each kind");
	close(shared_file);
	unload_lookup_module();
}
