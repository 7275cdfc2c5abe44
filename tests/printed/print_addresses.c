// SPDX-License-Identifier: GPL-2.0

/*
 * Prints the symbols of addresses. The harness compares the outputs of two kernels, one
 * with CONFIG_KALLMODSYMS and one without, so this module uses no function of kallmodsyms.
 *
 * A process writes addresses as machine words to /proc/print_addresses. A reader gets a
 * line for each address, with the output of %pS, %ps, %pB, sprint_symbol_no_offset() and
 * lookup_symbol_name(), separated by tabs.
 *
 * A read of /proc/print_oops causes an oops, which kills the reader. (A warning would
 * not do: a kernel without CONFIG_BUG prints no warnings.)
 */

#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

/* The most addresses. */
#define MOST 1000000UL

static unsigned long count;
static unsigned long *addresses;
static DEFINE_MUTEX(lock);

/* lookup_symbol_name(), which is not exported. A kprobe finds its address. */
static int (*lookup_name)(unsigned long address, char *name);

static void *address_start(struct seq_file *seq, loff_t *pos)
{
	mutex_lock(&lock);
	return *pos < count ? &addresses[*pos] : NULL;
}

static void *address_next(struct seq_file *seq, void *address, loff_t *pos)
{
	++*pos;
	return *pos < count ? &addresses[*pos] : NULL;
}

static void address_stop(struct seq_file *seq, void *address)
{
	mutex_unlock(&lock);
}

static int address_show(struct seq_file *seq, void *address)
{
	/* All readers share this buffer: address_start() takes the lock. */
	static char text[KSYM_SYMBOL_LEN];
	unsigned long asked = *(unsigned long *)address;
	void *pointer = (void *)asked;

	seq_printf(seq, "%pS\t%ps\t%pB\t", pointer, pointer, pointer);
	sprint_symbol_no_offset(text, asked);
	seq_printf(seq, "%s\t", text);
	if (lookup_name(asked, text))
		text[0] = '\0';
	seq_printf(seq, "%s\n", text);
	return 0;
}

static const struct seq_operations address_operations = {
	.start	= address_start,
	.next	= address_next,
	.stop	= address_stop,
	.show	= address_show,
};

static int address_open(struct inode *inode, struct file *file)
{
	return seq_open(file, &address_operations);
}

/* Appends the written addresses, because a program can write its addresses in pieces. */
static ssize_t address_write(struct file *file, const char __user *data, size_t size, loff_t *pos)
{
	unsigned long words = size / sizeof(*addresses);
	ssize_t result = -EINVAL;

	mutex_lock(&lock);
	if (size % sizeof(*addresses) || words > MOST - count)
		goto unlock;
	result = -EFAULT;
	if (copy_from_user(addresses + count, data, size))
		goto unlock;
	count += words;
	result = size;
unlock:
	mutex_unlock(&lock);
	return result;
}

static const struct proc_ops address_proc = {
	.proc_open	= address_open,
	.proc_read	= seq_read,
	.proc_lseek	= seq_lseek,
	.proc_write	= address_write,
	.proc_release	= seq_release,
};

static int oops_show(struct seq_file *seq, void *unused)
{
	static int *nothing;

	seq_printf(seq, "%d\n", READ_ONCE(*READ_ONCE(nothing)));
	return 0;
}

static int __init print_init(void)
{
	struct kprobe probe = { .symbol_name = "lookup_symbol_name" };
	int result = register_kprobe(&probe);

	if (result)
		return result;
	lookup_name = (void *)probe.addr - probe.offset;
	unregister_kprobe(&probe);

	result = -ENOMEM;
	addresses = vmalloc(MOST * sizeof(*addresses));
	if (!addresses)
		return result;
	if (!proc_create("print_addresses", 0600, NULL, &address_proc))
		goto free;
	if (!proc_create_single("print_oops", 0400, NULL, oops_show))
		goto remove;
	return 0;
remove:
	remove_proc_entry("print_addresses", NULL);
free:
	vfree(addresses);
	return result;
}

static void __exit print_exit(void)
{
	remove_proc_entry("print_oops", NULL);
	remove_proc_entry("print_addresses", NULL);
	vfree(addresses);
}

module_init(print_init);
module_exit(print_exit);

MODULE_DESCRIPTION("Prints addresses, to compare kernels with and without CONFIG_KALLMODSYMS");
MODULE_LICENSE("GPL");
