// SPDX-License-Identifier: GPL-2.0

/* Reports the cost of lookups of addresses, which the module module/bench_lookup.c measures. */

#include <inttypes.h>

#include "bench.h"

#define MODULE "bench_lookup"

static void report(const char *function, const char *parameter)
{
	say("lookup function=%s count=%" PRIu64 " instructions=%" PRIu64, function,
	    read_parameter(MODULE, "addresses"), read_parameter(MODULE, parameter));
}

void bench_lookups(void)
{
	load_module(MODULE);
	report("plain_search()", "plain");
	report("kallsyms_lookup_size_offset()", "kallsyms");
	report("sprint_symbol()", "sprint");
	report("kallmodsyms_lookup_modules()", "modules");
	report("kallmodsyms_lookup_size()", "sizes");
}
