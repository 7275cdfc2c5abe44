/* SPDX-License-Identifier: GPL-2.0 */

/*
 * Reading for as long as one likes, while what is read changes: soak.c starts
 * readers (soak_read.c) and those who change something (soak_change.c), as
 * processes, which count what they do in memory that they share.
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

/* Says what is wrong; the first few of it. */
void wrong(const char *format, ...) printf_like(1);
/* A number below @limit, from where this process is in its own row of them. */
size_t soak_pick(size_t limit);

/* What a reader may see: the quiet listing's core lines, and after them lines of these modules. */
struct expected {
	struct text core;
	bool hidden;		/* addresses and sizes are zeros */
};

struct expected quiet_listing(void);
void allow_module(const char *name);
bool is_allowed_module(struct line bracketed);

/* Run until it is over. */
void read_in_a_row(const struct expected *expected);
void read_the_end(const struct expected *expected);
void read_at_random(const struct expected *expected, int shared);
void load_and_unload(size_t first);
void add_and_remove_probes(void);
void add_and_remove_programs(void);
void start_and_stop_tracers(void);
void look_up(void);

/*
 * Before that: loadable modules are looked for, BPF programs have symbols,
 * and lookups know what to expect.
 */
void find_modules(void);
void prepare_lookups(void);

#endif
