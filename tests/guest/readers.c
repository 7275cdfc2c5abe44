// SPDX-License-Identifier: GPL-2.0

/* Makes the processes that open and read the files, and passes open files to other processes. */

#define _GNU_SOURCE
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "privacy.h"

#define SYSLOG_BIT CAP_TO_MASK(CAP_SYSLOG)
#define SYSLOG_WORD CAP_TO_INDEX(CAP_SYSLOG)

static void change_capabilities(void (*change)(struct __user_cap_data_struct *sets))
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, sets))
		give_up("capget");
	change(sets);
	if (syscall(SYS_capset, &header, sets))
		give_up("capset");
}

static void drop_syslog(struct __user_cap_data_struct *sets)
{
	sets[SYSLOG_WORD].effective &= ~SYSLOG_BIT;
	sets[SYSLOG_WORD].permitted &= ~SYSLOG_BIT;
	sets[SYSLOG_WORD].inheritable &= ~SYSLOG_BIT;
}

static void keep_only_syslog(struct __user_cap_data_struct *sets)
{
	memset(sets, 0, sizeof(*sets) * _LINUX_CAPABILITY_U32S_3);
	sets[SYSLOG_WORD].effective = SYSLOG_BIT;
	sets[SYSLOG_WORD].permitted = SYSLOG_BIT;
}

static void keep_syslog_unused(struct __user_cap_data_struct *sets)
{
	keep_only_syslog(sets);
	sets[SYSLOG_WORD].effective = 0;
}

static void stay_root(void)
{
}

static void become_root_without_syslog(void)
{
	change_capabilities(drop_syslog);
}

static void become_user_with_syslog(void)
{
	if (prctl(PR_SET_KEEPCAPS, 1))
		give_up("PR_SET_KEEPCAPS");
	become_user();
	change_capabilities(keep_only_syslog);
}

static void become_user_not_using_syslog(void)
{
	if (prctl(PR_SET_KEEPCAPS, 1))
		give_up("PR_SET_KEEPCAPS");
	become_user();
	change_capabilities(keep_syslog_unused);
}

/* Makes this process root in a new user namespace. */
void enter_user_namespace(int more_namespaces)
{
	unsigned int uid = geteuid(), gid = getegid();
	char map[32];

	/* Without PR_SET_DUMPABLE, root would own the files below /proc/self. */
	if (prctl(PR_SET_DUMPABLE, 1))
		give_up("PR_SET_DUMPABLE");
	if (unshare(CLONE_NEWUSER | more_namespaces))
		give_up("unshare");
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/uid_map", map);
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_file("/proc/self/gid_map", map);
	if (geteuid())
		give_up("being root in a user namespace");
}

static void become_namespace_root(void)
{
	become_user();
	enter_user_namespace(0);
}

static void become_namespace_root_as_root(void)
{
	enter_user_namespace(0);
}

const struct reader readers[] = {
	{ "root", stay_root, true },
	{ "root without CAP_SYSLOG", become_root_without_syslog, false },
	{ "a user", become_user, false },
	{ "a user with CAP_SYSLOG", become_user_with_syslog, true },
	{ "a user with CAP_SYSLOG that is not effective", become_user_not_using_syslog, false },
	{ "a user who is root of a user namespace", become_namespace_root, false },
	{ "root as root of a user namespace", become_namespace_root_as_root, false },
};

const size_t reader_count = sizeof(readers) / sizeof(*readers);

/* Runs @run in a child process. Returns the result of @run, 0 to 255. */
int value_in_child(int (*run)(const void *), const void *argument)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		give_up("fork");
	if (!child)
		_exit(run(argument));
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		give_up("waitpid");
	return WEXITSTATUS(status);
}

/* The control data of a message with two open files. */
union control {
	char data[CMSG_SPACE(2 * sizeof(int))];
	struct cmsghdr alignment;
};

static struct msghdr message(struct iovec *byte, union control *control)
{
	return (struct msghdr){
		.msg_iov = byte,
		.msg_iovlen = 1,
		.msg_control = control->data,
		.msg_controllen = sizeof(control->data),
	};
}

void send_pair(int socket, struct pair pair)
{
	char byte = 0;
	union control control = { .data = { 0 } };
	struct iovec buffer = { &byte, 1 };
	struct msghdr header = message(&buffer, &control);
	struct cmsghdr *files = CMSG_FIRSTHDR(&header);

	files->cmsg_level = SOL_SOCKET;
	files->cmsg_type = SCM_RIGHTS;
	files->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(files), (int[]){ pair.ours, pair.theirs }, 2 * sizeof(int));
	if (sendmsg(socket, &header, 0) != 1)
		give_up("sendmsg");
}

struct pair receive_pair(int socket)
{
	char byte;
	union control control;
	struct iovec buffer = { &byte, 1 };
	struct msghdr header = message(&buffer, &control);
	int fds[2];

	if (recvmsg(socket, &header, 0) != 1 || !CMSG_FIRSTHDR(&header))
		give_up("recvmsg");
	memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof(fds));
	return (struct pair){ fds[0], fds[1] };
}
