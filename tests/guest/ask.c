// SPDX-License-Identifier: GPL-2.0

/*
 * Loads and unloads modules, and asks the module in tests/module for the kernel's
 * answers for addresses.
 */

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests.h"

#define MODULE "kallmodsyms_lookup"
#define FILE_OF_MODULE "/lib/" MODULE ".ko"

bool load_module_if_present(const char *path)
{
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return false;
	if (syscall(SYS_finit_module, fd, "", 0))
		give_up("%s", path);
	close(fd);
	return true;
}

void load_lookup_module(void)
{
	if (!load_module_if_present(FILE_OF_MODULE))
		give_up(FILE_OF_MODULE);
}

void unload_lookup_module(void)
{
	if (syscall(SYS_delete_module, MODULE, 0))
		give_up("delete_module");
}

struct text ask(const char *file, const unsigned long *addresses, size_t count)
{
	int fd = open(file, O_RDWR);
	size_t size = count * sizeof(*addresses);
	struct text answers;

	if (fd < 0 || write(fd, addresses, size) != (ssize_t)size)
		give_up("%s", file);
	answers = read_fd(fd, MIB);
	close(fd);
	return answers;
}
