// SPDX-License-Identifier: GPL-2.0

/*
 * Tests the lines of BPF programs in the file. Loads 1000 programs, because the kernel reads at
 * most 256 symbols in one RCU read-side section.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests.h"

#define BPF_JIT "/proc/sys/net/core/bpf_jit_enable"
#define BPF_KALLSYMS "/proc/sys/net/core/bpf_jit_kallsyms"
#define PROGRAMS 1000

static int programs[PROGRAMS];

bool has_programs(void)
{
	return !access(BPF_JIT, W_OK);
}

void enable_programs(void)
{
	write_file(BPF_JIT, "1");
	write_file(BPF_KALLSYMS, "1");
}

/* Loads a program of @length instructions that returns @length - 2. Returns -1 on failure. */
int load_program(size_t length)
{
	struct bpf_insn program[64] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
	};
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = length,
		.insns = (unsigned long)program,
		.license = (unsigned long)"GPL",
	};

	for (size_t i = 1; i < length - 1; i++)
		program[i] = (struct bpf_insn){ .code = BPF_ALU64 | BPF_ADD | BPF_K,
						.dst_reg = BPF_REG_0, .imm = 1 };
	program[length - 1] = (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
	snprintf(attributes.prog_name, sizeof(attributes.prog_name), "test_%zu", length);
	return syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes));
}

static void load_programs(void)
{
	struct rlimit limit = { PROGRAMS + 100, PROGRAMS + 100 };

	if (setrlimit(RLIMIT_NOFILE, &limit))
		give_up("setrlimit");
	for (int i = 0; i < PROGRAMS; i++) {
		programs[i] = load_program(2 + i % 60);
		if (programs[i] < 0)
			give_up("loading BPF program %d", i);
	}
}

/* Unloads the programs from number @first to number @end - 1. */
static void unload_programs(int first, int end)
{
	for (int i = first; i < end; i++)
		close(programs[i]);
}

/* Returns the number of BPF lines. *@start is the offset of the first BPF line, or of the end. */
static size_t lines_of_bpf(struct text text, size_t *start)
{
	size_t at = 0, before = 0, lines = 0;
	struct symbol symbol;
	struct line line;

	*start = text.size;
	for (; next_line(text, &at, &line); before = at) {
		if (!parse_symbol(line, &symbol) || !line_is(symbol.modules, "[bpf]"))
			continue;
		if (!lines++)
			*start = before;
	}
	return lines;
}

/* Returns the offset of the line that is @lines lines after the line at @at. */
static size_t after_lines(struct text text, size_t at, size_t lines)
{
	struct line line;

	while (lines-- && next_line(text, &at, &line))
		;
	return at;
}

/*
 * Reads @offset bytes in small pieces, calls @change, and returns the remaining bytes of the
 * file.
 */
static struct text read_around(size_t offset, void (*change)(void))
{
	static char buffer[1000];
	int fd = open(KALLMODSYMS, O_RDONLY);
	struct text rest;

	if (fd < 0)
		give_up(KALLMODSYMS);
	while (offset) {
		ssize_t got = read(fd, buffer, offset < sizeof(buffer) ? offset : sizeof(buffer));

		if (got <= 0)
			give_up("read");
		offset -= got;
	}
	change();
	rest = read_fd(fd, 700);
	close(fd);
	return rest;
}

static void unload_first_third(void)
{
	unload_programs(0, PROGRAMS / 3);
}

static void unload_second_third(void)
{
	unload_programs(PROGRAMS / 3, 2 * PROGRAMS / 3);
}

/*
 * Returns true if @whole ends with @rest less its first line. The kernel may have made the first
 * line before the change.
 */
static bool is_end_of(struct text rest, struct text whole)
{
	struct line line;
	size_t at = 0;

	next_line(rest, &at, &line);
	return at < rest.size && rest.size - at <= whole.size &&
	       !memcmp(rest.data + at, whole.data + whole.size - (rest.size - at), rest.size - at);
}

void test_bpf(void)
{
	struct text before, whole, rest;
	size_t start, lines, each, at;
	int fd;

	if (!has_programs())
		return;
	enable_programs();
	before = read_file(KALLMODSYMS);
	lines = lines_of_bpf(before, &start);
	free(before.data);
	load_programs();
	whole = read_file(KALLMODSYMS);
	/* Some kernels have two symbols for each program. */
	each = (lines_of_bpf(whole, &start) - lines) / PROGRAMS;
	check(each, "each of %d BPF programs has a symbol", PROGRAMS);
	test_rule("with BPF programs");

	/* A read can end at any program. The next read continues at this program. */
	fd = open(KALLMODSYMS, O_RDONLY);
	if (fd < 0 || lseek(fd, start, SEEK_SET) < 0)
		give_up(KALLMODSYMS);
	rest = read_fd(fd, 150);
	check(rest.size == whole.size - start && !memcmp(rest.data, whole.data + start, rest.size),
	      "reads of 150 bytes return all symbols of BPF programs");
	close(fd);
	free(rest.data);

	/* The reader has read the symbols of half of the programs. */
	at = after_lines(whole, start, lines + each * PROGRAMS / 2);
	rest = read_around(at, unload_first_third);
	check(rest.size == whole.size - at && !memcmp(rest.data, whole.data + at, rest.size),
	      "unloading programs that a reader has read hides no later program");
	free(rest.data);
	free(whole.data);

	/* As before, the reader stops before program PROGRAMS / 2, which is in the second third. */
	whole = read_file(KALLMODSYMS);
	at = after_lines(whole, start, lines + each * (PROGRAMS / 2 - PROGRAMS / 3));
	free(whole.data);
	rest = read_around(at, unload_second_third);
	whole = read_file(KALLMODSYMS);
	check(is_end_of(rest, whole),
	      "a reader whose next program is unloaded continues with loaded programs");
	free(rest.data);
	free(whole.data);
	unload_programs(2 * PROGRAMS / 3, PROGRAMS);
	test_rule("after the BPF programs are unloaded");
}
