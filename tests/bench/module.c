// SPDX-License-Identifier: GPL-2.0

/* Loads modules, because the guest has no modprobe, and reads the parameters of modules. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

void load_module(const char *name)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), BENCH_DIRECTORY "/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0))
		give_up("%s", path);
	close(fd);
}

uint64_t read_parameter(const char *module, const char *parameter)
{
	char path[128], text[32];
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, parameter);
	fd = open(path, O_RDONLY);
	got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (got < 0)
		give_up("%s", path);
	text[got] = 0;
	close(fd);
	return strtoull(text, NULL, 10);
}
