// SPDX-License-Identifier: GPL-2.0

/*
 * A module that contains only symbols to read. The harness copies the compiled
 * module under other names: it replaces each occurrence of the module name. So the
 * names of exported symbols begin with the name of the module.
 */

#include <linux/module.h>

#define EACH_OF_TEN(X, n) \
	X(n##0) X(n##1) X(n##2) X(n##3) X(n##4) X(n##5) X(n##6) X(n##7) X(n##8) X(n##9)

#define LOCAL(n)					\
	static noinline __used int filler_##n(int x)	\
	{						\
		return x ^ 0x##n;			\
	}
#define EXPORTED(n)					\
	int bench_filler_000_##n(int x);		\
	noinline int bench_filler_000_##n(int x)	\
	{						\
		return x + 0x##n;			\
	}						\
	EXPORT_SYMBOL_GPL(bench_filler_000_##n);
#define DATA(n) static __used int filler_data_##n = 1 + 0x##n;

EACH_OF_TEN(LOCAL, 1)
EACH_OF_TEN(LOCAL, 2)
EACH_OF_TEN(LOCAL, 3)
EACH_OF_TEN(LOCAL, 4)
EACH_OF_TEN(LOCAL, 5)
EACH_OF_TEN(LOCAL, 6)
EACH_OF_TEN(LOCAL, 7)
EACH_OF_TEN(EXPORTED, 1)
EACH_OF_TEN(DATA, 1)
EACH_OF_TEN(DATA, 2)

MODULE_DESCRIPTION("Symbols for the measurements of /proc/kallmodsyms");
MODULE_LICENSE("GPL");
