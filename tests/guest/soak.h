/* SPDX-License-Identifier: GPL-2.0 */

/*
 * The soak test: reads for a given time, while the contents of the file change. soak.c
 * starts processes that read (soak_read.c), and processes that change the contents or look
 * up addresses (soak_change.c). The processes count their work in shared memory.
 */

#ifndef SOAK_H
#define SOAK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "tests.h"

struct soak_counts {
	atomic_ulong reads, preads, lines, bytes;
	atomic_ulong loads, unloads;
	atomic_ulong probes_added, probes_removed;
	atomic_ulong programs_added, programs_removed;
	atomic_ulong tracers_started, tracers_stopped;
	atomic_ulong lookups;
	atomic_ulong wrong;
	atomic_bool over;
};

extern struct soak_counts *counts;

/* Counts an error. Prints the first few errors. */
void wrong(const char *format, ...) printf_like(1);
/* Returns the next random number of this process, below @limit. */
size_t soak_pick(size_t limit);

/*
 * The contents must begin with @core: the lines of the kernel's own symbols, as read before the
 * soak. Each later line must be of a module that was passed to allow_module().
 */
struct expected {
	struct text core;
	bool hidden;		/* addresses and sizes are zeros */
};

struct expected quiet_listing(void);
void allow_module(const char *name);
bool is_allowed_module(struct line bracketed);

/* These functions return when the soak is over. An error can end the process earlier. */
void read_in_a_row(const struct expected *expected);
void read_the_end(const struct expected *expected);
void read_at_random(const struct expected *expected, int shared);
void load_and_unload(size_t first);
void add_and_remove_probes(void);
void add_and_remove_programs(void);
void start_and_stop_tracers(void);
void look_up(void);

/* Before the soak: these find loadable modules, and store the expected answers of lookups. */
void find_modules(void);
void prepare_lookups(void);

#endif
