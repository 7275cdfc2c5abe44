// SPDX-License-Identifier: GPL-2.0

/*
 * Looks many addresses of the kernel up when it is loaded, and says by its
 * parameters how many instructions that took:
 *
 *	addresses	how many were looked up, by each function
 *	kallsyms	by kallsyms_lookup_size_offset(): name's place and size
 *	sprint		by sprint_symbol(), which prints that
 *	kallmodsyms	by the component's own function; 0: this kernel has none
 *
 * The functions are not exported. A kprobe, which is not kept, finds them.
 */

#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/timex.h>

#if __has_include(<linux/kallmodsyms.h>)
#include <linux/kallmodsyms.h>
#endif

#define ADDRESSES 20000

static unsigned long addresses;
static unsigned long kallsyms;
static unsigned long sprint;
static unsigned long kallmodsyms;
module_param(addresses, ulong, 0444);
module_param(kallsyms, ulong, 0444);
module_param(sprint, ulong, 0444);
module_param(kallmodsyms, ulong, 0444);

typedef unsigned long lookup_name_fn(const char *name);
typedef int lookup_size_offset_fn(unsigned long address, unsigned long *size, unsigned long *offset);

static unsigned long text_start, text_size;

static void *find(const char *name)
{
	struct kprobe probe = { .symbol_name = name };
	void *function;

	if (register_kprobe(&probe))
		return NULL;
	function = probe.addr;
	unregister_kprobe(&probe);
	return function;
}

/* Scattered over the kernel's text, the same ones for each function. */
static unsigned long address_of(unsigned int index)
{
	return text_start + (u64)text_size * (index * 2654435769u) / (1ull << 32);
}

/* The overhead of the loop: what the functions have in common. */
static unsigned long sum;

static u64 time_nothing(void)
{
	u64 start = get_cycles();

	for (unsigned int i = 0; i < ADDRESSES; i++)
		WRITE_ONCE(sum, address_of(i));
	return get_cycles() - start;
}

static int time_kallsyms(u64 nothing)
{
	lookup_size_offset_fn *lookup = find("kallsyms_lookup_size_offset");
	unsigned long size, offset;
	u64 start;

	if (!lookup)
		return -ENOENT;
	start = get_cycles();
	for (unsigned int i = 0; i < ADDRESSES; i++)
		if (!lookup(address_of(i), &size, &offset))
			return -ERANGE;
	kallsyms = get_cycles() - start - nothing;
	return 0;
}

static void time_sprint(u64 nothing)
{
	static char text[KSYM_SYMBOL_LEN];
	u64 start = get_cycles();

	for (unsigned int i = 0; i < ADDRESSES; i++)
		sprint_symbol(text, address_of(i));
	sprint = get_cycles() - start - nothing;
}

/*
 * The component's own lookup. Its header tells that there is one, and gives
 * the prototype, by which find() can be called as kallsyms' is above.
 */
static int time_kallmodsyms(u64 nothing)
{
	return 0;
}

static int __init bench_lookup_init(void)
{
	lookup_name_fn *lookup_name = find("kallsyms_lookup_name");
	u64 nothing;
	int error;

	if (!lookup_name)
		return -ENOENT;
	text_start = lookup_name("_stext");
	text_size = lookup_name("_etext") - text_start;
	addresses = ADDRESSES;

	nothing = time_nothing();
	error = time_kallsyms(nothing);
	if (error)
		return error;
	time_sprint(nothing);
	return time_kallmodsyms(nothing);
}

static void __exit bench_lookup_exit(void)
{
}

module_init(bench_lookup_init);
module_exit(bench_lookup_exit);

MODULE_DESCRIPTION("Lookups of addresses, measured");
MODULE_LICENSE("GPL");
