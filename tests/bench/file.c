// SPDX-License-Identifier: GPL-2.0

/* Opens, copies and reads the two files to compare. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

const struct file kallsyms = { "kallsyms", "/proc/kallsyms" };
const struct file kallmodsyms = { "kallmodsyms", "/proc/kallmodsyms" };

char buffer[BUFFER_MAX] __attribute__((aligned(4096)));

int open_file(struct file file)
{
	int fd = open(file.path, O_RDONLY);

	if (fd < 0)
		give_up("%s", file.path);
	return fd;
}

/* Copies a file to tmpfs, to compare the file with a file whose lines are already made. */
struct file copy_to_tmpfs(struct file file)
{
	static char name[64], path[64];
	int from = open_file(file), to;
	ssize_t got;

	snprintf(name, sizeof(name), "tmpfs-%s", file.name);
	snprintf(path, sizeof(path), "/tmp/%s-%d", file.name, (int)getuid());
	unlink(path);
	to = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (to < 0)
		give_up("%s", path);
	while ((got = read(from, buffer, sizeof(buffer))) > 0)
		if (write(to, buffer, got) != got)
			give_up("writing %s", path);
	if (got < 0)
		give_up("%s", file.path);
	close(from);
	close(to);
	return (struct file){ name, path };
}

/* Measures open, reads of @size bytes up to the end, and close. */
struct reading read_whole(struct file file, size_t size)
{
	struct reading reading = { 0 };
	uint64_t start;
	ssize_t got;
	int fd;

	memset(buffer, 0, size);
	start = instructions();
	fd = open_file(file);
	do {
		got = read(fd, buffer, size);
		if (got < 0)
			give_up("%s", file.path);
		reading.reads++;
		reading.bytes += got;
	} while (got);
	close(fd);
	reading.instructions = instructions() - start;
	return reading;
}

uint64_t count_lines(struct file file)
{
	int fd = open_file(file);
	uint64_t lines = 0;
	ssize_t got;

	while ((got = read(fd, buffer, sizeof(buffer))) > 0)
		for (ssize_t at = 0; at < got; at++)
			lines += buffer[at] == '\n';
	if (got < 0)
		give_up("%s", file.path);
	close(fd);
	return lines;
}
