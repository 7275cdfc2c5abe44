// SPDX-License-Identifier: GPL-2.0

/*
 * Tests that /proc/kallmodsyms shows addresses and sizes if and only if /proc/kallsyms
 * shows addresses: for several settings, openers and readers of the files.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "privacy.h"

#define KPTR_RESTRICT "/proc/sys/kernel/kptr_restrict"
#define PARANOID "/proc/sys/kernel/perf_event_paranoid"

static const struct reader *const root = &readers[0], *const a_user = &readers[2];

/* The settings. kallsyms uses perf_event_paranoid only if kptr_restrict is 0. */
static const struct setting {
	const char *restricted, *paranoid;
	enum view all, with_cap_syslog;
} settings[] = {
	{ "0", "2", ZEROS, ADDRESSES },
	{ "0", "1", ADDRESSES, ADDRESSES },
	{ "1", "2", ZEROS, ADDRESSES },
	{ "1", "-1", ZEROS, ADDRESSES },
	{ "2", "-1", ZEROS, ZEROS },
};

static void set(const struct setting *setting)
{
	write_file(KPTR_RESTRICT, setting->restricted);
	if (!access(PARANOID, W_OK))
		write_file(PARANOID, setting->paranoid);
}

static enum view expected(const struct setting *setting, bool has_cap_syslog)
{
	/* Without perf, only privileged readers see addresses. */
	if (!has_cap_syslog && access(PARANOID, F_OK))
		return ZEROS;
	return has_cap_syslog ? setting->with_cap_syslog : setting->all;
}

/* @reader opens and reads both files. */
static int view_after_open(const void *reader)
{
	((const struct reader *)reader)->become();
	return view_in("/proc");
}

/* Root opens both files, and @reader reads them. */
static int view_of_given_files(const void *reader)
{
	struct pair pair = open_pair("/proc");

	((const struct reader *)reader)->become();
	return view_of(pair);
}

/* Root opens both files, and @reader opens them again through /proc/self/fd. */
static int view_after_reopen(const void *reader)
{
	struct pair given = open_pair("/proc"), pair;
	char path[64];

	((const struct reader *)reader)->become();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", given.ours);
	pair.ours = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", given.theirs);
	pair.theirs = open(path, O_RDONLY);
	return view_of(pair);
}

struct sender {
	const struct reader *reader;
	int socket;
};

static int open_and_send(const void *argument)
{
	const struct sender *sender = argument;

	sender->reader->become();
	send_pair(sender->socket, open_pair("/proc"));
	return 0;
}

/* @reader opens both files, sends them to root and exits. Then root reads them. */
static int view_of_received_files(const void *reader)
{
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sockets))
		give_up("socketpair");
	value_in_child(open_and_send, &(struct sender){ reader, sockets[1] });
	close(sockets[1]);
	return view_of(receive_pair(sockets[0]));
}

static const struct scenario {
	const char *name;
	int (*view)(const void *reader);
	bool opened_by_root;
} scenarios[] = {
	{ "opened and read by", view_after_open, false },
	{ "opened by root, read by", view_of_given_files, true },
	{ "opened by root, again through /proc/self/fd by", view_after_reopen, false },
	{ "read by root, opened by", view_of_received_files, false },
};

static void test_scenario(const struct setting *setting, const struct scenario *scenario,
		     const struct reader *reader)
{
	bool allowed = scenario->opened_by_root || reader->has_cap_syslog;

	check_view(value_in_child(scenario->view, reader), expected(setting, allowed),
		    "kptr_restrict=%s perf_event_paranoid=%s, %s %s", setting->restricted,
		    setting->paranoid, scenario->name, reader->name);
}

static void test_matrix(void)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		set(&settings[i]);
		for (size_t j = 0; j < reader_count; j++)
			for (size_t k = 0; k < sizeof(scenarios) / sizeof(*scenarios); k++)
				test_scenario(&settings[i], &scenarios[k], &readers[j]);
	}
	set(&settings[0]);
}

/* An open file keeps the settings of the time when it was opened. */
static void test_setting_that_changes(void)
{
	const struct setting *open = &settings[1], *restricted = &settings[4];
	struct pair before, after;

	set(open);
	before = open_pair("/proc");
	set(restricted);
	after = open_pair("/proc");
	check_view(view_of(before), ADDRESSES, "opened by root, then kptr_restrict=2");
	set(open);
	check_view(view_of(after), ZEROS, "opened by root with kptr_restrict=2, then 0");
	close_pair(before);
	close_pair(after);
	set(&settings[0]);
}

static int compare_attributes(const void *reader)
{
	((const struct reader *)reader)->become();
	return behave_alike("/proc") ? SAME : WRONG;
}

static void test_attributes(const struct reader *reader)
{
	check(value_in_child(compare_attributes, reader) == SAME,
	      "mode, owner and the errors of open and write agree, for %s", reader->name);
}

/* An administrator may make both files unreadable for users. */
static void test_mode_that_changes(void)
{
	if (chmod(KALLSYMS, 0400) || chmod(KALLMODSYMS, 0400))
		give_up("chmod");
	check_view(value_in_child(view_after_open, a_user), ABSENT, "chmod 0400, opened by %s",
		    a_user->name);
	check_view(value_in_child(view_of_given_files, a_user), ADDRESSES,
		    "chmod 0400, opened by root, read by %s", a_user->name);
	check(value_in_child(compare_attributes, a_user) == SAME,
	      "chmod 0400: the errors of open agree");
	if (chmod(KALLSYMS, 0444) || chmod(KALLMODSYMS, 0444))
		give_up("chmod");
}

static bool user_follows_rule(void)
{
	become_user();
	return rule_holds();
}

/* Tests the settings with root and a user, and the scenarios with a user. Needs no namespaces. */
void test_credentials(void)
{
	set(&settings[0]);
	record_listings();
	check(in_child(user_follows_rule), "the kallsyms rule holds for a user");
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		set(&settings[i]);
		test_scenario(&settings[i], &scenarios[0], root);
		test_scenario(&settings[i], &scenarios[0], a_user);
	}
	check(rule_holds(), "the kallsyms rule holds with kptr_restrict=2");
	set(&settings[0]);
	for (size_t k = 1; k < sizeof(scenarios) / sizeof(*scenarios); k++)
		test_scenario(&settings[0], &scenarios[k], a_user);
	test_attributes(root);
	test_attributes(a_user);
}

/* Tests all settings, readers and mounts of proc. Needs a kernel with namespaces. */
void test_privacy(void)
{
	set(&settings[0]);
	record_listings();
	test_matrix();
	test_setting_that_changes();
	for (size_t i = 0; i < reader_count; i++)
		test_attributes(&readers[i]);
	test_mode_that_changes();
	test_proc_mounts();
}
