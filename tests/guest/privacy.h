/* SPDX-License-Identifier: GPL-2.0 */

/*
 * The tests of the addresses and sizes that a process sees in /proc/kallmodsyms and in
 * /proc/kallsyms. Each test states the expected view of both files. If the tests only
 * compared the files, a setting without effect would pass.
 */

#ifndef PRIVACY_H
#define PRIVACY_H

#include "tests.h"

/* The result of reading both files in one process. */
enum view {
	WRONG,		/* the files do not agree */
	NO_VIEW,	/* no result: the exit code of a child that gave up */
	ABSENT,		/* cannot be opened */
	EMPTY,
	ZEROS,		/* all addresses and sizes are zeros */
	ADDRESSES,
	SAME,		/* mode, owner and errors agree */
};

/*
 * The descriptors of kallmodsyms (@ours) and kallsyms (@theirs), -1 if open failed. open_pair()
 * stores -2 in @ours if open failed for both files, with different errors.
 */
struct pair {
	int ours, theirs;
};

/* view.c */
void record_listings(void);
struct pair open_pair(const char *proc);
void close_pair(struct pair pair);
enum view view_of(struct pair pair);
enum view view_in(const char *proc);
enum view view_of_kallmodsyms_in(const char *proc);
bool behave_alike(const char *proc);
void check_view(enum view seen, enum view expected, const char *format, ...) printf_like(3);

/* readers.c: the processes that open and read the files. */
struct reader {
	const char *name;
	void (*become)(void);
	bool has_cap_syslog;	/* in the initial user namespace */
};

extern const struct reader readers[];
extern const size_t reader_count;

void enter_user_namespace(int more_namespaces);
int value_in_child(int (*run)(const void *), const void *argument);
void send_pair(int socket, struct pair pair);
struct pair receive_pair(int socket);

/* mounts.c */
void test_proc_mounts(void);

#endif
