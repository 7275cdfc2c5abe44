// SPDX-License-Identifier: GPL-2.0

/* Measures the cost of the lines of 100, 1,000 and 10,000 BPF programs. */

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

#define MARK "\t[bpf]\n"

static const int counts[] = { 100, 1000, 10000 };

/* Loads a program that returns 0. The program stays loaded until this process ends. */
static void load_program(void)
{
	static const struct bpf_insn program[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attributes = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = 2,
		.insns = (unsigned long)program,
		.license = (unsigned long)"GPL",
	};

	if (syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes)) < 0)
		give_up("loading a BPF program");
}

static void turn_on(const char *path)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, "1", 1) != 1)
		give_up("%s", path);
	close(fd);
}

/* Prints nothing without a JIT: BPF programs then have no symbols. */
void bench_bpf(void)
{
	int most = counts[sizeof(counts) / sizeof(counts[0]) - 1], loaded = 0;
	struct rlimit limit = { most + 100, most + 100 };

	if (access("/proc/sys/net/core/bpf_jit_enable", W_OK))
		return;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		give_up("setrlimit");
	turn_on("/proc/sys/net/core/bpf_jit_enable");
	turn_on("/proc/sys/net/core/bpf_jit_kallsyms");
	for (size_t at = 0; at < sizeof(counts) / sizeof(counts[0]); at++) {
		for (; loaded < counts[at]; loaded++)
			load_program();
		measure_lines("bpf", kallsyms, MARK, loaded);
		measure_lines("bpf", kallmodsyms, MARK, loaded);
	}
}
