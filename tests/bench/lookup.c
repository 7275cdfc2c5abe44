// SPDX-License-Identifier: GPL-2.0

/* Reports the cost of lookups of addresses and names, which module/bench_lookup.c measures. */

#include <inttypes.h>

#include "bench.h"

#define MODULE "bench_lookup"

static void report(const char *kind, const char *count, const char *function, const char *parameter)
{
	uint64_t instructions = read_parameter(MODULE, parameter);

	/* The parameter is 0 if the kernel does not have the function. */
	if (instructions)
		say("%s function=%s count=%" PRIu64 " instructions=%" PRIu64, kind, function,
		    read_parameter(MODULE, count), instructions);
}

void bench_lookups(void)
{
	load_module(MODULE);
	report("lookup", "addresses", "plain_search()", "plain");
	report("lookup", "addresses", "kallsyms_lookup_size_offset()", "kallsyms");
	report("lookup", "addresses", "sprint_symbol()", "sprint");
	report("lookup", "addresses", "kallmodsyms_lookup_modules()", "modules");
	report("lookup", "addresses", "kallmodsyms_lookup_size()", "sizes");
	report("lookup", "addresses", "kallmodsyms_lookup_object()", "objects");
	report("find", "names", "kallsyms_lookup_name()", "name");
	report("find", "names", "kallmodsyms_find_in_module()", "in_module");
	report("find", "names", "kallmodsyms_find_in_object()", "in_object");
}
