// SPDX-License-Identifier: GPL-2.0

/* Measures the cost of the lines of 10 and 100 trampolines of the function tracer. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"

#define TRACING "/sys/kernel/tracing"
#define MARK "\t[__builtin__ftrace]\n"

static const int counts[] = { 10, 100 };

static void set(const char *instance, const char *name, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", instance, name);
	fd = open(path, O_WRONLY);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		give_up("%s", path);
	close(fd);
}

/*
 * Makes an instance of the tracer with its own trampoline. The traced function is not called
 * here.
 */
static void add_instance(int number)
{
	char instance[64];

	snprintf(instance, sizeof(instance), TRACING "/instances/%d", number);
	if (mkdir(instance, 0700))
		give_up("%s", instance);
	set(instance, "buffer_size_kb", "4");
	set(instance, "set_ftrace_filter", "ksys_sync");
	set(instance, "current_tracer", "function");
}

/* Prints nothing if the instances of the function tracer have no trampolines of their own. */
void bench_trampolines(void)
{
	int made = 0;

#ifndef __x86_64__
	return;
#endif
	if (mount("tracefs", TRACING, "tracefs", 0, NULL) ||
	    access(TRACING "/set_ftrace_filter", W_OK))
		return;
	for (size_t at = 0; at < sizeof(counts) / sizeof(counts[0]); at++) {
		for (; made < counts[at]; made++)
			add_instance(made);
		measure_lines("trampolines", kallsyms, MARK, made);
		measure_lines("trampolines", kallmodsyms, MARK, made);
	}
}
