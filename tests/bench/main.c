// SPDX-License-Identifier: GPL-2.0

/*
 * Runs the measurements. This program is the first and only program of the guest,
 * so that no other program takes instructions. The kernel's command line selects
 * the measurements: bench=all, bench=ratio, bench=lookups or bench=bpf.
 */

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static const size_t sizes[] = { 4 << 10, 64 << 10, 128 << 10, 1 << 20 };
static const size_t usual = 128 << 10;

static void mount_all(void)
{
	if (mount("proc", "/proc", "proc", 0, NULL) || mount("sys", "/sys", "sysfs", 0, NULL) ||
	    mount("tmp", "/tmp", "tmpfs", 0, "mode=1777"))
		give_up("mount");
}

/*
 * Measures in a process of a user: the opener of a file decides whether its lines have addresses.
 */
static void measure_as_user(void)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		give_up("fork");
	if (!child) {
		if (setgroups(0, NULL) || setgid(USER) || setuid(USER))
			give_up("becoming a user");
		bench_reads("user", sizes, sizeof(sizes) / sizeof(sizes[0]));
		bench_first_line("user");
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status)
		give_up("the user's part");
}

int main(void)
{
	const char *wanted = getenv("bench");

	mount_all();
	check_clock();
	if (wanted && !strcmp(wanted, "ratio")) {
		bench_reads("root", &usual, 1);
	} else if (wanted && !strcmp(wanted, "lookups")) {
		bench_lookups();
	} else if (wanted && !strcmp(wanted, "bpf")) {
		bench_bpf();
	} else {
		bench_reads("root", sizes, sizeof(sizes) / sizeof(sizes[0]));
		bench_first_line("root");
		measure_as_user();
		bench_preads();
		bench_modules();
		bench_lookups();
		bench_trampolines();
		bench_bpf();
	}

	/* The host reads this line as success. The reboot ends QEMU, which runs with -no-reboot. */
	puts("guest: done");
	fflush(stdout);
	reboot(RB_AUTOBOOT);
	return 1;
}
