// SPDX-License-Identifier: GPL-2.0

/*
 * Measures lookups when the module is loaded. The parameter `addresses` has the number
 * of addresses in the kernel's text that each function looks up. Each of the next
 * parameters has the cost of all lookups by one function, in cycles of get_cycles(). In
 * the guest on x86_64, a cycle is an instruction.
 *
 *	plain		plain_search(), a binary search in an array of all addresses. A
 *			kernel without CONFIG_KALLMODSYMS makes the same steps, but must
 *			also decode each address.
 *	kallsyms	kallsyms_lookup_size_offset(), which finds the symbol and its size
 *	sprint		sprint_symbol(), which prints the symbol and the distance to the
 *			next symbol
 *	modules		kallmodsyms_lookup_modules(), with all names of the modules
 *	sizes		kallmodsyms_lookup_size(), which finds the true size
 *	objects		kallmodsyms_lookup_object(), which writes the path of the
 *			object file; 0 in a kernel without CONFIG_KALLMODSYMS_OBJECTS
 *
 * The parameter `names` has the number of names of symbols in built-in modules that
 * each function looks up. Each of the last parameters has the cost of these lookups by
 * one function:
 *
 *	name		kallsyms_lookup_name()
 *	in_module	kallmodsyms_find_in_module()
 *	in_object	kallmodsyms_find_in_object(), with the whole path of the
 *			object file; 0 in a kernel without CONFIG_KALLMODSYMS_OBJECTS
 *
 * Some of these functions are not exported. A temporary kprobe finds the address of
 * each.
 */

#include <linux/kallmodsyms.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/timex.h>
#include <linux/vmalloc.h>

#define ADDRESSES 20000
#define NAMES 1000

static unsigned long addresses;
static unsigned long plain;
static unsigned long kallsyms;
static unsigned long sprint;
static unsigned long modules;
static unsigned long sizes;
static unsigned long objects;
static unsigned long names;
static unsigned long name;
static unsigned long in_module;
static unsigned long in_object;
module_param(addresses, ulong, 0444);
module_param(plain, ulong, 0444);
module_param(kallsyms, ulong, 0444);
module_param(sprint, ulong, 0444);
module_param(modules, ulong, 0444);
module_param(sizes, ulong, 0444);
module_param(objects, ulong, 0444);
module_param(names, ulong, 0444);
module_param(name, ulong, 0444);
module_param(in_module, ulong, 0444);
module_param(in_object, ulong, 0444);

typedef unsigned long lookup_name_fn(const char *name);
typedef int on_each_symbol_fn(int (*fn)(void *data, const char *name, unsigned long address),
			      void *data);
typedef int lookup_size_offset_fn(unsigned long address, unsigned long *size,
				  unsigned long *offset);

static unsigned long text_start, text_size;

/*
 * On riscv, ftrace has the first 8 bytes of a function, and no kprobe can be set at their
 * beginning.
 */
static void *find_function(const char *name)
{
	for (unsigned int offset = 0; offset <= 8; offset += 8) {
		struct kprobe probe = { .symbol_name = name, .offset = offset };

		if (register_kprobe(&probe))
			continue;
		unregister_kprobe(&probe);
		return (void *)probe.addr - probe.offset;
	}
	return NULL;
}

/*
 * Returns an address in the kernel's text. The addresses are scattered, and the same for each
 * function.
 */
static unsigned long address_of(unsigned int index)
{
	return text_start + (u64)text_size * (index * 2654435769u) / (1ull << 32);
}

/* The loops store their results here, so that the compiler keeps the loops. */
static unsigned long sum;

/* Returns the cost of a loop without lookups. The loops for addresses subtract this cost. */
static u64 time_nothing(void)
{
	u64 start = get_cycles();

	for (unsigned int i = 0; i < ADDRESSES; i++)
		WRITE_ONCE(sum, address_of(i));
	return get_cycles() - start;
}

static unsigned long *symbols, symbol_count;

static int add_symbol(void *data, const char *name, unsigned long address)
{
	if (symbols)
		symbols[symbol_count] = address;
	symbol_count++;
	return 0;
}

static noinline void plain_search(unsigned long address, unsigned long *size, unsigned long *offset)
{
	unsigned long low = 0, high = symbol_count, next;

	while (high - low > 1) {
		unsigned long middle = low + (high - low) / 2;

		if (READ_ONCE(symbols[middle]) <= address)
			low = middle;
		else
			high = middle;
	}
	while (low && READ_ONCE(symbols[low - 1]) == symbols[low])
		low--;
	for (next = low + 1; next < symbol_count && symbols[next] <= symbols[low]; next++)
		;
	*size = symbols[next] - symbols[low];
	*offset = address - symbols[low];
}

static void time_plain(u64 nothing)
{
	unsigned long size, offset;
	u64 start = get_cycles();

	for (unsigned int i = 0; i < ADDRESSES; i++) {
		plain_search(address_of(i), &size, &offset);
		WRITE_ONCE(sum, sum + size + offset);
	}
	plain = get_cycles() - start - nothing;
}

static lookup_size_offset_fn *lookup_size_offset;

static int time_kallsyms(u64 nothing)
{
	unsigned long size, offset;
	u64 start = get_cycles();

	for (unsigned int i = 0; i < ADDRESSES; i++)
		if (!lookup_size_offset(address_of(i), &size, &offset))
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

static void read_modules(unsigned long address)
{
	struct kallmodsyms_modules found;
	const char *name;

	kallmodsyms_lookup_modules(address, &found);
	while ((name = kallmodsyms_next_module(&found)))
		WRITE_ONCE(sum, sum + *name);
}

static void time_modules(u64 nothing)
{
	u64 start = get_cycles();

	for (unsigned int i = 0; i < ADDRESSES; i++)
		read_modules(address_of(i));
	modules = get_cycles() - start - nothing;
}

static void time_sizes(u64 nothing)
{
	unsigned long size, offset;
	u64 start = get_cycles();

	for (unsigned int i = 0; i < ADDRESSES; i++)
		WRITE_ONCE(sum, sum + kallmodsyms_lookup_size(address_of(i), &size, &offset));
	sizes = get_cycles() - start - nothing;
}

static void time_objects(u64 nothing)
{
	static char path[128];
	u64 start = get_cycles();

	for (unsigned int i = 0; i < ADDRESSES; i++)
		WRITE_ONCE(sum, sum + kallmodsyms_lookup_object(address_of(i), path, sizeof(path)));
	objects = get_cycles() - start - nothing;
}

/* A symbol of a built-in module. */
struct symbol {
	char name[128], module[64], path[128];
};

/* Stores the symbols of built-in modules at the addresses, up to NAMES. Some symbols come twice. */
static void find_symbols(struct symbol *symbols)
{
	struct kallmodsyms_modules found;

	for (unsigned int i = 0; i < ADDRESSES && names < NAMES; i++) {
		struct symbol *symbol = &symbols[names];
		unsigned long address = address_of(i);

		if (!kallmodsyms_lookup_modules(address, &found) ||
		    snprintf(symbol->name, sizeof(symbol->name), "%ps", (void *)address) >=
		    sizeof(symbol->name))
			continue;
		strscpy(symbol->module, kallmodsyms_next_module(&found));
		kallmodsyms_lookup_object(address, symbol->path, sizeof(symbol->path));
		names++;
	}
}

static lookup_name_fn *lookup_name;

static void time_name(struct symbol *symbols)
{
	u64 start = get_cycles();

	for (unsigned int i = 0; i < names; i++)
		WRITE_ONCE(sum, lookup_name(symbols[i].name));
	name = get_cycles() - start;
}

typedef int find_fn(const char *place, const char *name, unsigned long *address);

/* The cycles to find each of @symbols with @find in its module, or in its object file. */
static u64 time_in(struct symbol *symbols, find_fn *find, bool objects)
{
	unsigned long address;
	u64 start = get_cycles();

	for (unsigned int i = 0; i < names; i++) {
		const char *place = objects ? symbols[i].path : symbols[i].module;

		WRITE_ONCE(sum, find(place, symbols[i].name, &address));
	}
	return get_cycles() - start;
}

static int time_lookups_by_name(void)
{
	find_fn *find_in_module = (find_fn *)lookup_name("kallmodsyms_find_in_module");
	find_fn *find_in_object = (find_fn *)lookup_name("kallmodsyms_find_in_object");
	struct symbol *symbols = vcalloc(NAMES, sizeof(*symbols));

	if (!symbols)
		return -ENOMEM;
	find_symbols(symbols);
	time_name(symbols);
	if (find_in_module)
		in_module = time_in(symbols, find_in_module, false);
	if (find_in_object)
		in_object = time_in(symbols, find_in_object, true);
	vfree(symbols);
	return 0;
}

static int __init bench_lookup_init(void)
{
	on_each_symbol_fn *on_each_symbol = find_function("kallsyms_on_each_symbol");
	u64 nothing;
	int error;

	lookup_name = find_function("kallsyms_lookup_name");
	lookup_size_offset = find_function("kallsyms_lookup_size_offset");
	if (!lookup_name || !lookup_size_offset || !on_each_symbol)
		return -ENOENT;
	on_each_symbol(add_symbol, NULL);
	symbols = vmalloc_array(symbol_count, sizeof(*symbols));
	if (!symbols)
		return -ENOMEM;
	symbol_count = 0;
	on_each_symbol(add_symbol, NULL);
	text_start = lookup_name("_stext");
	text_size = lookup_name("_etext") - text_start;
	addresses = ADDRESSES;

	nothing = time_nothing();
	time_plain(nothing);
	vfree(symbols);
	error = time_kallsyms(nothing);
	if (error)
		return error;
	time_sprint(nothing);
	time_modules(nothing);
	time_sizes(nothing);
	if (IS_ENABLED(CONFIG_KALLMODSYMS_OBJECTS))
		time_objects(nothing);
	return time_lookups_by_name();
}

static void __exit bench_lookup_exit(void)
{
}

module_init(bench_lookup_init);
module_exit(bench_lookup_exit);

MODULE_DESCRIPTION("Measures lookups of addresses and names");
MODULE_LICENSE("GPL");
