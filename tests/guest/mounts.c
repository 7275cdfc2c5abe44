// SPDX-License-Identifier: GPL-2.0

/*
 * Tests kallmodsyms and kallsyms in other mounts of proc, as in containers: mounts with
 * other options, mounts in namespaces, and mounts whose files a container runtime covers.
 */

#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "privacy.h"

#define PROC "/tmp/proc"

static void mount_proc(const char *options)
{
	if (mount("proc", PROC, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, options))
		give_up("mounting proc with '%s'", options);
}

/* Mounts /dev/null over the file, as a container runtime does. */
static void mask(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), PROC "/%s", name);
	if (mount("/dev/null", path, NULL, MS_BIND, NULL))
		give_up("covering %s", path);
}

struct mounted {
	const char *options;
	const struct reader *reader;
};

/* Mounts proc in a new mount namespace, as root, and becomes the reader. */
static void mount_and_become_reader(const struct mounted *mounted)
{
	if (unshare(CLONE_NEWNS))
		give_up("unshare");
	mount_proc(mounted->options);
	mounted->reader->become();
}

static int view_in_mount(const void *argument)
{
	mount_and_become_reader(argument);
	return view_in(PROC);
}

static int compare_attributes_in_mount(const void *argument)
{
	mount_and_become_reader(argument);
	return behave_alike(PROC) ? SAME : WRONG;
}

static void test_options(void)
{
	static const char *const options[] = { "", "hidepid=1", "hidepid=2", "hidepid=invisible",
					       "hidepid=ptraceable", "subset=pid",
					       "hidepid=2,subset=pid" };

	for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++)
		for (size_t j = 0; j < reader_count; j++) {
			struct mounted mounted = { options[i], &readers[j] };
			bool absent = strstr(options[i], "subset=pid");

			check_view(value_in_child(view_in_mount, &mounted),
				   absent ? ABSENT : readers[j].has_cap_syslog ? ADDRESSES : ZEROS,
				   "proc mounted with '%s', opened by %s", options[i],
				   readers[j].name);
			check(value_in_child(compare_attributes_in_mount, &mounted) == SAME,
			      "proc mounted with '%s': mode, owner and errors agree, for %s",
			      options[i], readers[j].name);
		}
}

static void enter_as_root(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWPID))
		give_up("unshare");
}

static void enter_user_namespace_as_user(void)
{
	become_user();
	enter_user_namespace(CLONE_NEWNS | CLONE_NEWPID);
}

static void enter_user_namespace_as_root(void)
{
	enter_user_namespace(CLONE_NEWNS | CLONE_NEWPID);
}

static const struct container {
	const char *name;
	void (*enter)(void);	/* makes the namespaces; the next child is their first process */
	size_t reader;		/* the reading process: an index into readers[] */
	enum view expected;
} containers[] = {
	{ "a privileged container", enter_as_root, 0, ADDRESSES },
	{ "a container without CAP_SYSLOG", enter_as_root, 1, ZEROS },
	{ "a container with a user namespace", enter_user_namespace_as_root, 0, ZEROS },
	{ "a user's container", enter_user_namespace_as_user, 0, ZEROS },
};

/* The files that the container runtime covers. */
static const struct masking {
	const char *name;
	bool kallsyms, kallmodsyms;
} maskings[] = {
	{ "", false, false },
	{ " with both covered", true, true },
	{ " with kallsyms covered", true, false },
};

struct container_test {
	const struct container *container;
	const struct masking *masking;
};

static int view_as_first_process(const void *argument)
{
	const struct container_test *test = argument;
	const struct masking *masking = test->masking;

	if (getpid() != 1)
		give_up("being the first process");
	mount_proc("");
	if (masking->kallsyms)
		mask("kallsyms");
	if (masking->kallmodsyms)
		mask("kallmodsyms");
	readers[test->container->reader].become();
	if (masking->kallsyms == masking->kallmodsyms)
		return view_in(PROC);
	return view_of_kallmodsyms_in(PROC);
}

static int view_in_container(const void *argument)
{
	const struct container_test *test = argument;

	test->container->enter();
	return value_in_child(view_as_first_process, test);
}

/*
 * If a container runtime covers only /proc/kallsyms, /proc/kallmodsyms stays readable: see
 * Documentation/admin-guide/format.rst.
 */
static void test_containers(void)
{
	for (size_t i = 0; i < sizeof(containers) / sizeof(*containers); i++)
		for (size_t j = 0; j < sizeof(maskings) / sizeof(*maskings); j++) {
			struct container_test test = { &containers[i], &maskings[j] };
			enum view seen = value_in_child(view_in_container, &test);

			if (maskings[j].kallsyms != maskings[j].kallmodsyms)
				check(seen == containers[i].expected,
				      "%s%s: kallmodsyms is not covered", containers[i].name,
				      maskings[j].name);
			else
				check_view(seen,
					   maskings[j].kallsyms ? EMPTY : containers[i].expected,
					   "%s%s", containers[i].name, maskings[j].name);
		}
}

void test_proc_mounts(void)
{
	if (mkdir(PROC, 0755))
		give_up(PROC);
	test_options();
	test_containers();
	if (rmdir(PROC))
		give_up(PROC);
}
