// SPDX-License-Identifier: GPL-2.0

/*
 * Tests of <linux/kallmodsyms.h>. The tests expect the same modules and sizes
 * whether they are built in or loaded, except where they use IS_LOADED. Loadable
 * modules may not look up addresses by name, so only built-in tests do.
 */

#include <kunit/test.h>
#include <linux/irq_work.h>
#include <linux/kallmodsyms.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <asm/sections.h>
#ifdef CONFIG_X86_LOCAL_APIC
#include <asm/apic.h>
#include <asm/nmi.h>
#endif

#ifdef MODULE
#define IS_LOADED 1
#else
#define IS_LOADED 0
#endif

/* True if sizes of this file's functions are known. */
#define SIZES_KNOWN (IS_LOADED || IS_ENABLED(CONFIG_KALLMODSYMS_SIZES))

/* True if sizes of this file's data are known. */
#define DATA_SIZES_KNOWN (SIZES_KNOWN && IS_ENABLED(CONFIG_KALLSYMS_ALL))

/*
 * True if lookups know the module of this file's data: always in a loaded module,
 * and with KALLSYMS_ALL if this file is built in.
 */
#define DATA_MODULE_KNOWN (IS_LOADED || IS_ENABLED(CONFIG_KALLSYMS_ALL))

static const u32 constants[5] = { 1, 2, 3, 4, 5 };
static u32 data[7] = { 1 };
static u32 bss[9];

/*
 * Symbols with exact places: a symbol of 5 bytes with padding after it; two symbols
 * at one address, the larger symbol first; a label at the address of a symbol; and a
 * symbol inside another symbol.
 */
asm(".pushsection .data\n"
	".macro kunit_symbol name, size\n"
	"	.type \\name, @object\n"
	"	.size \\name, \\size\n"
	"\\name:\n"
	".endm\n"
	"	.balign 16\n"
	"kunit_symbol kallmodsyms_kunit_five, 5\n"
	"	.fill 16, 1, 0\n"
	"kunit_symbol kallmodsyms_kunit_twelve, 12\n"
	"kunit_symbol kallmodsyms_kunit_alias, 3\n"
	"	.fill 16, 1, 0\n"
	"kunit_symbol kallmodsyms_kunit_label, 0\n"
	"kunit_symbol kallmodsyms_kunit_eight, 8\n"
	"	.fill 16, 1, 0\n"
	"kunit_symbol kallmodsyms_kunit_outer, 15\n"
	"	.fill 4, 1, 0\n"
	"kunit_symbol kallmodsyms_kunit_inner, 6\n"
	"	.fill 12, 1, 0\n"
	"kunit_symbol kallmodsyms_kunit_end, 1\n"
	"	.fill 16, 1, 0\n"
	".popsection\n"
	/*
	 * sha256-ssse3-asm.S defines a constant of the same bytes. If sha256-ssse3-asm.o
	 * is built in, too, the image has these bytes once, and the symbols of both object
	 * files are at the same address.
	 */
	".pushsection .rodata.cst16.kallmodsyms_kunit, \"aM\", @progbits, 16\n"
	"	.balign 16\n"
	"kunit_symbol kallmodsyms_kunit_merged, 16\n"
	"	.long 0x03020100\n"
	"kunit_symbol kallmodsyms_kunit_inside, 4\n"
	"	.long 0x0b0a0908, 0xffffffff, 0xffffffff\n"
	".popsection\n"
	".purgem kunit_symbol\n");

extern const char kallmodsyms_kunit_five[], kallmodsyms_kunit_twelve[];
extern const char kallmodsyms_kunit_eight[], kallmodsyms_kunit_outer[];
extern const char kallmodsyms_kunit_merged[];

static void expect_module(struct kunit *test, const void *addr, const char *module)
{
	struct kallmodsyms_modules modules;

	KUNIT_EXPECT_EQ_MSG(test, kallmodsyms_lookup_modules((unsigned long)addr, &modules),
			    !!module, "%pS", addr);
	KUNIT_EXPECT_STREQ(test, kallmodsyms_next_module(&modules) ?: "(none)",
			   module ?: "(none)");
	KUNIT_EXPECT_NULL(test, kallmodsyms_next_module(&modules));
	KUNIT_EXPECT_NULL(test, kallmodsyms_next_module(&modules));
}

/* If @size is 0, expects that the lookup finds no size for @addr. */
static void expect_size(struct kunit *test, const void *addr, unsigned long size,
			unsigned long offset)
{
	unsigned long found_size = 77, found_offset = 78;
	bool found = kallmodsyms_lookup_size((unsigned long)addr, &found_size, &found_offset);

	KUNIT_EXPECT_EQ_MSG(test, found, size != 0, "%pS", addr);
	KUNIT_EXPECT_EQ_MSG(test, found_size, size ?: 77, "%pS", addr);
	KUNIT_EXPECT_EQ_MSG(test, found_offset, size ? offset : 78, "%pS", addr);
	KUNIT_EXPECT_EQ(test, found, kallmodsyms_lookup_size((unsigned long)addr, NULL, NULL));
}

static void modules_of_this_file(struct kunit *test)
{
	expect_module(test, modules_of_this_file, KBUILD_MODNAME);
	expect_module(test, kallmodsyms_kunit_five, DATA_MODULE_KNOWN ? KBUILD_MODNAME : NULL);
	expect_module(test, constants, DATA_MODULE_KNOWN ? KBUILD_MODNAME : NULL);
	expect_module(test, &data[6], DATA_MODULE_KNOWN ? KBUILD_MODNAME : NULL);
	expect_module(test, (char *)bss + sizeof(bss) - 1,
		      DATA_MODULE_KNOWN ? KBUILD_MODNAME : NULL);
}

static void modules_of_the_kernel(struct kunit *test)
{
	expect_module(test, kallmodsyms_lookup_modules, NULL);
	expect_module(test, kfree, NULL);
	expect_module(test, _printk, NULL);
}

/* Every byte of the constant is in this module, also the bytes after the inner symbol. */
static void modules_of_a_merged_constant(struct kunit *test)
{
	/* Several symbols overlap. Only the sizes tell which symbols contain a byte. */
	if (!DATA_SIZES_KNOWN)
		kunit_skip(test, "sizes of data are not stored");
	for (unsigned long at = 0; at < 16; at++)
		expect_module(test, kallmodsyms_kunit_merged + at, KBUILD_MODNAME);
}

static void addresses_in_no_symbol(struct kunit *test)
{
	const void *const nothing[] = {
		NULL, (void *)1, (void *)PAGE_SIZE, (void *)LONG_MAX, (void *)LONG_MIN,
		(void *)-PAGE_SIZE, (void *)ULONG_MAX, test, kunit_kzalloc(test, 64, GFP_KERNEL),
		&nothing,
	};
	void *vmalloced = vmalloc(PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, vmalloced);
	for (size_t i = 0; i < ARRAY_SIZE(nothing); i++) {
		expect_module(test, nothing[i], NULL);
		expect_size(test, nothing[i], 0, 0);
	}
	expect_module(test, vmalloced, NULL);
	expect_size(test, vmalloced, 0, 0);
	vfree(vmalloced);
}

static void a_copy_stays_valid(struct kunit *test)
{
	struct kallmodsyms_modules modules, copy;

	KUNIT_ASSERT_TRUE(test,
			  kallmodsyms_lookup_modules((unsigned long)a_copy_stays_valid, &modules));
	copy = modules;
	memset(&modules, 0xff, sizeof(modules));
	KUNIT_EXPECT_STREQ(test, kallmodsyms_next_module(&copy), KBUILD_MODNAME);
	KUNIT_EXPECT_NULL(test, kallmodsyms_next_module(&copy));
}

static void sizes_are_exact(struct kunit *test)
{
	const char *five = kallmodsyms_kunit_five, *twelve = kallmodsyms_kunit_twelve;
	const char *outer = kallmodsyms_kunit_outer;

	for (unsigned long at = 0; at < 16; at++) {
		expect_size(test, five + at, DATA_SIZES_KNOWN && at < 5 ? 5 : 0, at);
		expect_size(test, twelve + at, DATA_SIZES_KNOWN && at < 12 ? 12 : 0, at);
	}
	for (unsigned long at = 0; at < 16; at++) {
		if (at < 4)
			expect_size(test, outer + at, DATA_SIZES_KNOWN ? 15 : 0, at);
		else
			expect_size(test, outer + at, DATA_SIZES_KNOWN && at < 10 ? 6 : 0, at - 4);
	}
	for (unsigned long at = 0; at < sizeof(data); at++)
		expect_size(test, (char *)data + at, DATA_SIZES_KNOWN ? sizeof(data) : 0, at);
	expect_size(test, &constants[4], DATA_SIZES_KNOWN ? sizeof(constants) : 0, 16);
	expect_size(test, &bss[8], DATA_SIZES_KNOWN ? sizeof(bss) : 0, 32);
}

/*
 * A label and kallmodsyms_kunit_eight have the same address. %ps prints the symbol
 * that the kernel lists first. In a built-in module, this is kallmodsyms_kunit_eight;
 * in a loaded module, it is the label. The lookup returns the size of the printed
 * symbol.
 */
static void sizes_of_symbols_that_ps_prints(struct kunit *test)
{
	static const char label[] = "kallmodsyms_kunit_label";
	const char *eight = kallmodsyms_kunit_eight;
	char name[sizeof(label)];
	bool is_label;

	snprintf(name, sizeof(name), "%ps", eight);
	is_label = !strcmp(name, label);
	KUNIT_EXPECT_EQ_MSG(test, is_label, IS_LOADED, "%ps", eight);
	expect_size(test, eight + 7, DATA_SIZES_KNOWN && !is_label ? 8 : 0, 7);
}

static void sizes_of_the_kernel(struct kunit *test)
{
	unsigned long size = 0, offset = 0, first = (unsigned long)kfree;

	if (!IS_ENABLED(CONFIG_KALLMODSYMS_SIZES)) {
		expect_size(test, kfree, 0, 0);
		return;
	}
	KUNIT_ASSERT_TRUE(test, kallmodsyms_lookup_size(first, &size, &offset));
	KUNIT_EXPECT_EQ(test, offset, 0);
	expect_size(test, (void *)(first + size - 1), size, size - 1);
	if (IS_ENABLED(CONFIG_KALLSYMS_ALL))
		expect_size(test, (char *)&init_task + 3, sizeof(init_task), 3);
}

#define PATH_OF_THIS_FILE "kernel/kallmodsyms/rust/kallmodsyms_kunit.o"

/* True if the object files of this file's functions are known. */
#define OBJECTS_KNOWN (!IS_LOADED && IS_ENABLED(CONFIG_KALLMODSYMS_OBJECTS))

/* If @expected is NULL, expects that the object file of @addr is not known. */
static void expect_object(struct kunit *test, const void *addr, const char *expected)
{
	unsigned long at = (unsigned long)addr;
	ssize_t len = expected ? strlen(expected) : -ENOENT;
	char path[128] = "unchanged";

	if (expected) {
		KUNIT_EXPECT_EQ(test, kallmodsyms_lookup_object(at, NULL, 0), -E2BIG);
		KUNIT_EXPECT_EQ(test, kallmodsyms_lookup_object(at, path, len), -E2BIG);
	}
	KUNIT_EXPECT_STREQ(test, path, "unchanged");
	KUNIT_EXPECT_EQ_MSG(test, kallmodsyms_lookup_object(at, path, len + 1), len, "%pS", addr);
	KUNIT_EXPECT_STREQ(test, path, expected ?: "unchanged");
}

static void objects_of_addresses(struct kunit *test)
{
	const char *this_file = OBJECTS_KNOWN ? PATH_OF_THIS_FILE : NULL;
	const bool known = IS_ENABLED(CONFIG_KALLMODSYMS_OBJECTS);

	expect_object(test, objects_of_addresses, this_file);
	expect_object(test, (char *)objects_of_addresses + 1, this_file);
	expect_object(test, _printk, known ? "kernel/printk/printk.o" : NULL);
	/* The padding after a symbol. */
	if (IS_ENABLED(CONFIG_KALLSYMS_ALL))
		expect_object(test, kallmodsyms_kunit_five + 7, this_file);
	expect_object(test, NULL, NULL);
	expect_object(test, test, NULL);
}

#if !IS_LOADED
static void object_of_a_symbol_of_the_linker(struct kunit *test)
{
	char name[sizeof("_einittext")];

	snprintf(name, sizeof(name), "%ps", _einittext);
	if (strcmp(name, "_einittext"))
		kunit_skip(test, "_einittext has the address of another symbol");
	expect_object(test, _einittext, NULL);
}

static unsigned long found_in(int (*find)(const char *, const char *, unsigned long *),
			      const char *place, const char *name)
{
	unsigned long addr = 77;
	int result = find(place, name, &addr);

	/* No symbol has an address as small as 77, 78 or an error number. */
	return result ? (addr == 77 ? -result : 78) : addr;
}

static void symbols_of_modules(struct kunit *test)
{
	const unsigned long this = (unsigned long)symbols_of_modules;

	KUNIT_EXPECT_EQ(test, this, found_in(kallmodsyms_find_in_module, KBUILD_MODNAME, __func__));
	KUNIT_EXPECT_EQ(test, ENOENT, found_in(kallmodsyms_find_in_module, KBUILD_MODNAME, ""));
	KUNIT_EXPECT_EQ(test, ENOENT, found_in(kallmodsyms_find_in_module, "", __func__));
	KUNIT_EXPECT_EQ(test, ENOENT, found_in(kallmodsyms_find_in_module, "vmlinux", __func__));
	KUNIT_EXPECT_EQ(test, ENOENT,
			found_in(kallmodsyms_find_in_module, KBUILD_MODNAME, "symbols_of_module"));
	KUNIT_EXPECT_EQ(test, ENOENT,
			found_in(kallmodsyms_find_in_module, KBUILD_MODNAME, "_printk"));
}

static void names_with_modules(struct kunit *test)
{
	const unsigned long found = (unsigned long)symbols_of_modules;

	KUNIT_EXPECT_EQ(test, found, kallsyms_lookup_name(KBUILD_MODNAME ":symbols_of_modules"));
	KUNIT_EXPECT_EQ(test, 0, kallsyms_lookup_name(KBUILD_MODNAME ":_printk"));
	KUNIT_EXPECT_EQ(test, 0, kallsyms_lookup_name(":symbols_of_modules"));
	KUNIT_EXPECT_EQ(test, 0, kallsyms_lookup_name(KBUILD_MODNAME ":"));
	KUNIT_EXPECT_EQ(test, 0, kallsyms_lookup_name("no_such_module:symbols_of_modules"));
	KUNIT_EXPECT_EQ(test, OBJECTS_KNOWN ? found : 0,
			kallsyms_lookup_name(PATH_OF_THIS_FILE ":symbols_of_modules"));
	KUNIT_EXPECT_TRUE(test, kallmodsyms_is_builtin(KBUILD_MODNAME));
	KUNIT_EXPECT_TRUE(test, kallmodsyms_is_builtin(KBUILD_MODNAME ":_printk"));
	KUNIT_EXPECT_FALSE(test, kallmodsyms_is_builtin(KBUILD_MODNAME "s"));
	KUNIT_EXPECT_FALSE(test, kallmodsyms_is_builtin(""));
	KUNIT_EXPECT_EQ(test, OBJECTS_KNOWN, kallmodsyms_is_builtin(PATH_OF_THIS_FILE));
	KUNIT_EXPECT_TRUE(test, kallmodsyms_is_in_module(found, KBUILD_MODNAME));
	KUNIT_EXPECT_FALSE(test, kallmodsyms_is_in_module(found, "no_such_module"));
}

static void symbols_of_object_files(struct kunit *test)
{
	const unsigned long this = (unsigned long)symbols_of_object_files;

	if (!OBJECTS_KNOWN)
		kunit_skip(test, "object files are not stored");
	for (const char *end = PATH_OF_THIS_FILE; end; end = strchr(end, '/')) {
		end += *end == '/';
		KUNIT_EXPECT_EQ(test, this, found_in(kallmodsyms_find_in_object, end, __func__));
		KUNIT_EXPECT_EQ(test, ENOENT,
				found_in(kallmodsyms_find_in_object, end + 1, __func__));
	}
	KUNIT_EXPECT_EQ(test, ENOENT, found_in(kallmodsyms_find_in_object, "", __func__));
	KUNIT_EXPECT_EQ(test, ENOENT,
			found_in(kallmodsyms_find_in_object, "/" PATH_OF_THIS_FILE, __func__));
	KUNIT_EXPECT_EQ(test, ENOENT,
			found_in(kallmodsyms_find_in_object, PATH_OF_THIS_FILE, "_printk"));
}

/* Each object file of the two sample modules has a function pair_print(). */
static void one_name_in_two_modules(struct kunit *test)
{
	unsigned long a, b;

	if (!IS_BUILTIN(CONFIG_SAMPLE_KALLMODSYMS_PAIR))
		kunit_skip(test, "the sample modules are not built in");
	KUNIT_EXPECT_EQ(test, ENOTUNIQ,
			found_in(kallmodsyms_find_in_module, "kallmodsyms_pair_a", "pair_print"));
	KUNIT_EXPECT_EQ(test, ENOTUNIQ,
			found_in(kallmodsyms_find_in_module, "kallmodsyms_pair_b", "pair_print"));
	a = found_in(kallmodsyms_find_in_module, "kallmodsyms_pair_a", "kallmodsyms_pair_add");
	b = found_in(kallmodsyms_find_in_module, "kallmodsyms_pair_b", "kallmodsyms_pair_add");
	KUNIT_EXPECT_EQ(test, a, b);
	KUNIT_EXPECT_GT(test, a, PAGE_SIZE);
	if (!OBJECTS_KNOWN)
		return;
	KUNIT_EXPECT_EQ(test, a, found_in(kallmodsyms_find_in_object, "pair/pair_shared.o",
					  "kallmodsyms_pair_add"));
	a = found_in(kallmodsyms_find_in_object, "pair_a.o", "pair_print");
	b = found_in(kallmodsyms_find_in_object, "pair_b.o", "pair_print");
	KUNIT_EXPECT_GT(test, a, PAGE_SIZE);
	KUNIT_EXPECT_GT(test, b, PAGE_SIZE);
	KUNIT_EXPECT_NE(test, a, b);
}
#endif

/* The answers to lookups in an interrupt or an NMI. */
struct answers {
	struct irq_work work;
	bool done, in_module, size_known;
	struct kallmodsyms_modules modules;
	unsigned long size, offset, found;
	char object[sizeof(PATH_OF_THIS_FILE)];
};

static struct answers answers;

static void look_up(struct answers *found)
{
	unsigned long addr = (unsigned long)look_up;

	found->in_module = kallmodsyms_lookup_modules(addr, &found->modules);
	found->size_known = kallmodsyms_lookup_size(addr, &found->size, &found->offset);
	kallmodsyms_lookup_object(addr, found->object, sizeof(found->object));
#if !IS_LOADED
	kallmodsyms_find_in_module(KBUILD_MODNAME, __func__, &found->found);
#endif
	/* Pairs with wait_for_answers(). */
	smp_store_release(&found->done, true);
}

static void wait_for_answers(void)
{
	unsigned long deadline = jiffies + 10 * HZ;

	/* Pairs with look_up(). */
	while (!smp_load_acquire(&answers.done) && time_before(jiffies, deadline))
		cpu_relax();
}

static void expect_answers(struct kunit *test)
{
	KUNIT_ASSERT_TRUE(test, answers.done);
	KUNIT_EXPECT_TRUE(test, answers.in_module);
	KUNIT_EXPECT_STREQ(test, kallmodsyms_next_module(&answers.modules), KBUILD_MODNAME);
	KUNIT_EXPECT_EQ(test, answers.size_known, SIZES_KNOWN);
	KUNIT_EXPECT_EQ(test, answers.offset, 0);
	KUNIT_EXPECT_EQ(test, answers.size != 0, SIZES_KNOWN);
	KUNIT_EXPECT_STREQ(test, answers.object, OBJECTS_KNOWN ? PATH_OF_THIS_FILE : "");
	KUNIT_EXPECT_EQ(test, answers.found, IS_LOADED ? 0 : (unsigned long)look_up);
}

static void look_up_in_interrupt(struct irq_work *work)
{
	if (in_hardirq())
		look_up(container_of(work, struct answers, work));
}

static void in_an_interrupt(struct kunit *test)
{
	answers = (struct answers){ .work = IRQ_WORK_INIT_HARD(look_up_in_interrupt) };
	irq_work_queue(&answers.work);
	irq_work_sync(&answers.work);
	wait_for_answers();
	expect_answers(test);
}

#ifdef CONFIG_X86_LOCAL_APIC
static int in_nmi_handler(unsigned int kind, struct pt_regs *regs)
{
	if (answers.done || !in_nmi())
		return NMI_DONE;
	look_up(&answers);
	return NMI_HANDLED;
}

/*
 * Sends the NMI while interrupts are off. A thousand lookups follow, so that the NMI may
 * come during a lookup.
 */
static void in_a_non_maskable_interrupt(struct kunit *test)
{
	struct kallmodsyms_modules modules;
	unsigned long flags;

	answers = (struct answers){ };
	KUNIT_ASSERT_EQ(test, register_nmi_handler(NMI_LOCAL, in_nmi_handler, 0, "kallmodsyms"), 0);
	local_irq_save(flags);
	__apic_send_IPI_mask(cpumask_of(smp_processor_id()), NMI_VECTOR);
	for (int i = 0; i < 1000; i++)
		kallmodsyms_lookup_modules((unsigned long)in_nmi_handler, &modules);
	local_irq_restore(flags);
	wait_for_answers();
	unregister_nmi_handler(NMI_LOCAL, "kallmodsyms");
	expect_answers(test);
}
#else
static void in_a_non_maskable_interrupt(struct kunit *test)
{
	kunit_skip(test, "no way to send an NMI on this architecture");
}
#endif

static struct kunit_case cases[] = {
	KUNIT_CASE(modules_of_this_file),
	KUNIT_CASE(modules_of_the_kernel),
	KUNIT_CASE(modules_of_a_merged_constant),
	KUNIT_CASE(addresses_in_no_symbol),
	KUNIT_CASE(a_copy_stays_valid),
	KUNIT_CASE(sizes_are_exact),
	KUNIT_CASE(sizes_of_symbols_that_ps_prints),
	KUNIT_CASE(sizes_of_the_kernel),
	KUNIT_CASE(objects_of_addresses),
#if !IS_LOADED
	KUNIT_CASE(object_of_a_symbol_of_the_linker),
	KUNIT_CASE(symbols_of_modules),
	KUNIT_CASE(names_with_modules),
	KUNIT_CASE(symbols_of_object_files),
	KUNIT_CASE(one_name_in_two_modules),
#endif
	KUNIT_CASE(in_an_interrupt),
	KUNIT_CASE(in_a_non_maskable_interrupt),
	{ }
};

static struct kunit_suite suite = {
	.name = "kallmodsyms_api",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("KUnit tests for kallmodsyms lookups");
MODULE_LICENSE("GPL");
