/* SPDX-License-Identifier: GPL-2.0 */

/*
 * The guest's tests of /proc/kallmodsyms, and the functions that several tests
 * use. main.c selects the tests.
 */

#ifndef TESTS_H
#define TESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define KALLMODSYMS "/proc/kallmodsyms"
#define KALLSYMS "/proc/kallsyms"
#define TRACING "/sys/kernel/tracing"
#define USER 1000
#define MIB (1 << 20)

#define printf_like(n) __attribute__((format(printf, n, n + 1)))

/* tap.c: output in the Test Anything Protocol. */
void check(bool passed, const char *format, ...) printf_like(2);
void note(const char *format, ...) printf_like(1);
void give_up(const char *format, ...) printf_like(1) __attribute__((noreturn));
void print_plan(void);

/* text.c: whole files, and their lines. */
struct text {
	char *data;
	size_t size;
};

struct line {
	const char *start;
	size_t size;		/* without the newline */
};

struct text read_fd(int fd, size_t chunk);
struct text read_file(const char *path);
void write_file(const char *path, const char *word);
bool is_same(struct text a, struct text b);
bool next_line(struct text text, size_t *at, struct line *line);
bool line_is(struct line line, const char *words);
int compare_lines(struct line a, struct line b);

/* log.c: the kernel's log, and the message in a line of that log. */
struct text read_log(void);
struct line log_message(struct line line);
bool line_begins(struct line line, const char *with);
bool line_ends(struct line line, const char *with);

/* process.c: child processes, the change of the user, and other programs. */
bool in_child(bool (*run)(void));
void become_user(void);
void run_command(const char *command);

/* line.c: the strict format of a line of /proc/kallmodsyms. */
struct symbol {
	struct line address, size, name;
	char type;
	struct line modules;	/* "[a] [b]", may be empty */
	struct line object;	/* "{c.o}", may be empty */
};

bool parse_symbol(struct line line, struct symbol *symbol);
bool is_zero(struct line number);

/* ask.c: the kernel's answers for addresses, one line for each address. */
#define LOOKUP "/proc/kallmodsyms_lookup"
#define MODULES_OF "/proc/kallmodsyms_modules"
#define SIZES_OF "/proc/kallmodsyms_sizes"
#define NAMES_OF "/proc/kallmodsyms_names"

bool load_module_if_present(const char *path);	/* returns true if the file exists */
void load_lookup_module(void);
void unload_lookup_module(void);
struct text ask(const char *file, const unsigned long *addresses, size_t count);

/* tracing.c: events and other files of tracefs. */
bool file_has(const char *path, const char *words);
bool kprobe_event(const char *format, ...) printf_like(1);
void enable_kprobe(const char *name, bool enabled);

/* bpf.c: BPF programs. */
bool has_programs(void);
void enable_programs(void);
int load_program(size_t length);

/* core.c: the kernel's own symbols, and the expected answers for their addresses. */
struct core_symbol {
	unsigned long address, size;
	char type;
	struct line name;
};

struct core {
	struct core_symbol *symbols;
	size_t count;
	bool sizes_stored;	/* CONFIG_KALLMODSYMS_SIZES */
};

/* All symbols at one address. */
struct place {
	size_t first, end;			/* from index @first up to index @end - 1 */
	const struct core_symbol *named;	/* the first symbol, which %pS names */
	unsigned long distance;			/* to the next place */
};

/* Returns true if the kernel's configuration has this line, such as "CONFIG_SMP=y". */
bool kernel_has(const char *option);

struct core read_core(void);
bool is_looked_up(const struct core *core, unsigned long address);
struct place place_of(const struct core *core, size_t index);
struct place place_at(const struct core *core, unsigned long address);
const struct core_symbol *core_symbol(const struct core *core, const char *name);

/* The tests. */
void test_rule(const char *when);
bool rule_holds(void);
bool follows_rule(struct line ours, struct line theirs);
bool is_hidden(struct text text, struct text shown);
void test_privacy(void);
void test_order(void);
void test_reads(void);
void test_calls(struct text whole);
void test_credentials(void);
void test_modules(void);
void load_all_modules(void);
void test_bpf(void);
void test_attribution(void);
void test_churn(void);
void test_sizes(void);
void test_lookup(void);
void test_names(void);
void test_tracing(void);
void test_tracers(void);
void test_samples(void);
void test_kunit(void);
bool reader_agrees(void);
void test_reader(void);
void test_crowd(bool measured);
void test_killed(void);
void test_shared(void);
void test_faults(void);
void forget_leaks(void);
void test_leaks(void);
void test_soak(unsigned int seconds);
void test_kernel_log(void);

#endif
