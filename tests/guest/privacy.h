/* SPDX-License-Identifier: GPL-2.0 */

/*
 * The sight of readers in both files. Each case also states the expected sight of
 * /proc/kallsyms: otherwise a case without effect would pass.
 */

#ifndef PRIVACY_H
#define PRIVACY_H

#include "tests.h"

/* The sight of a reader. */
enum sight {
	WRONG,		/* the files do not agree */
	NO_SIGHT,	/* no result: the exit code of a child that gave up */
	ABSENT,		/* cannot be opened */
	EMPTY,
	ZEROS,
	ADDRESSES,
	SAME,		/* for properties that need no read */
};

/* One value for each file. */
struct pair {
	int ours, theirs;
};

/* sight.c */
void look_at_both(void);
struct pair open_pair(const char *proc);
void close_pair(struct pair pair);
enum sight sight_of(struct pair pair);
enum sight sight_below(const char *proc);
enum sight sight_of_ours_below(const char *proc);
bool have_same_attributes(const char *proc);
void check_sight(enum sight seen, enum sight expected, const char *format, ...) printf_like(3);

/* who.c */
struct who {
	const char *name;
	void (*become)(void);
	bool has_cap_syslog;	/* in the initial user namespace */
};

extern const struct who whos[];
extern const size_t who_count;

void enter_user_namespace(int more_namespaces);
int value_in_child(int (*run)(const void *), const void *argument);
void send_pair(int socket, struct pair pair);
struct pair receive_pair(int socket);

/* mounts.c */
void test_proc_mounts(void);

#endif
