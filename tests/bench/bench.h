/* SPDX-License-Identifier: GPL-2.0 */

/*
 * Measures the cost of /proc/kallmodsyms, of /proc/kallsyms and of lookups. This
 * program is the only program of a guest whose clock counts instructions. Each
 * measurement prints lines for the harness, which makes tables from the lines:
 *
 *	bench read file=kallsyms user=root buffer=4096 instructions=377 ...
 */

#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define USER 1000
#define RUNS 3
#define BUFFER_MAX (1 << 20)
#define BENCH_DIRECTORY "/bench"

#define printf_like(n) __attribute__((format(printf, n, n + 1)))

/* say.c: prints lines for the harness. */
void say(const char *format, ...) printf_like(1);
void give_up(const char *format, ...) printf_like(1) __attribute__((noreturn));

/* clock.c */
uint64_t instructions(void);
void check_clock(void);

/* file.c: the two files to compare. */
struct file {
	const char *name;	/* the value of file= in the lines */
	const char *path;
};

extern const struct file kallsyms, kallmodsyms;
extern char buffer[BUFFER_MAX];

int open_file(struct file file);
struct file copy_to_tmpfs(struct file file);

/* The cost of reading a whole file. */
struct reading {
	uint64_t instructions, reads, bytes;
};

struct reading read_whole(struct file file, size_t size);
uint64_t count_lines(struct file file);

/* lines.c */
void measure_lines(const char *kind, struct file file, const char *mark, int count);

/* The measurements. */
void bench_reads(const char *user, const size_t *sizes, size_t number);
void bench_first_line(const char *user);
void bench_preads(void);
void bench_modules(void);
void bench_bpf(void);
void bench_trampolines(void);
void bench_lookups(void);

/* module.c: loads a module, and reads its parameters. */
void load_module(const char *name);
uint64_t read_parameter(const char *module, const char *parameter);

#endif
