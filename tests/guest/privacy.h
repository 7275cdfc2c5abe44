/* SPDX-License-Identifier: GPL-2.0 */

/*
 * Who sees what, in both files. What kallsyms shows is also compared with what
 * the case says of it, or a case that did not come about would pass.
 */

#ifndef PRIVACY_H
#define PRIVACY_H

#include "tests.h"

/* What someone sees. */
enum sight {
	WRONG,		/* the files do not agree */
	NO_SIGHT,	/* it did not come to that: the exit code of who gave up */
	ABSENT,		/* cannot be opened */
	EMPTY,
	ZEROS,
	ADDRESSES,
	SAME,		/* of what is said of both without reading */
};

/* One of the two files each. */
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
	bool has_cap_syslog;	/* and that in the first user namespace */
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
