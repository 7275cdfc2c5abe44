// SPDX-License-Identifier: GPL-2.0

/*
 * Returns the kernel's answers for addresses to the guest's tests. A process opens one of
 * these files, writes addresses as machine words, and reads a line for each address:
 *
 * /proc/kallmodsyms_lookup	the output of %pS: vfs_read+0x10/0x151
 * /proc/kallmodsyms_modules	the modules, as in /proc/kallmodsyms: [a] [b]
 * /proc/kallmodsyms_sizes	offset/size of the symbol from three functions:
 *				kallsyms_lookup_size_offset(),
 *				kallmodsyms_lookup_distance() and
 *				kallmodsyms_lookup_size(); "-" if the function
 *				returns false or 0
 *
 * /proc/kallmodsyms_names	the object file of the symbol that %ps names; the
 *				address that kallmodsyms_find_in_object() finds for
 *				this object file and symbol; for each module of the
 *				address, the address that kallmodsyms_find_in_module()
 *				finds: fs/open.o ffffffff8126fc50. "-" stands for an
 *				unknown object file; "none" and "several" stand for
 *				the address if no or several symbols fit, and
 *				"different" if kallsyms_lookup_name() answers otherwise
 *				for fs/open.o:name or module:name
 *
 * Some of these functions are not exported. A temporary kprobe finds the address of
 * kallsyms_lookup_name(), which finds the addresses of these functions.
 */

#include <linux/kallmodsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define LOOKUP "kallmodsyms_lookup"
#define MODULES "kallmodsyms_modules"
#define SIZES "kallmodsyms_sizes"
#define NAMES "kallmodsyms_names"
#define MOST 1000000UL

/* The addresses that the process wrote to its open file. */
struct question {
	unsigned long count;
	unsigned long *addresses;
};

static void *question_start(struct seq_file *seq, loff_t *pos)
{
	struct question *question = seq->private;

	return *pos < question->count ? &question->addresses[*pos] : NULL;
}

static void *question_next(struct seq_file *seq, void *address, loff_t *pos)
{
	++*pos;
	return question_start(seq, pos);
}

static void question_stop(struct seq_file *seq, void *address)
{
}

static int lookup_show(struct seq_file *seq, void *address)
{
	seq_printf(seq, "%pS\n", (void *)*(unsigned long *)address);
	return 0;
}

static int modules_show(struct seq_file *seq, void *address)
{
	struct kallmodsyms_modules modules;
	const char *separator = "", *name;

	kallmodsyms_lookup_modules(*(unsigned long *)address, &modules);
	while ((name = kallmodsyms_next_module(&modules))) {
		seq_printf(seq, "%s[%s]", separator, name);
		separator = " ";
	}
	seq_putc(seq, '\n');
	return 0;
}

typedef int lookup_fn(unsigned long addr, unsigned long *size, unsigned long *offset);

typedef int find_fn(const char *place, const char *name, unsigned long *addr);

static lookup_fn *size_offset, *distance;
static find_fn *find_in_module, *find_in_object;

typedef unsigned long lookup_name_fn(const char *name);

static lookup_name_fn *lookup_name;

typedef bool is_builtin_fn(const char *name);

static is_builtin_fn *is_builtin;

/*
 * On riscv, ftrace has the first 8 bytes of a function, and no kprobe can be set at their
 * beginning.
 */
static lookup_name_fn *find_lookup_name(void)
{
	for (unsigned int offset = 0; offset <= 8; offset += 8) {
		struct kprobe probe = { .symbol_name = "kallsyms_lookup_name", .offset = offset };

		if (register_kprobe(&probe))
			continue;
		unregister_kprobe(&probe);
		return (void *)probe.addr - probe.offset;
	}
	return NULL;
}

static void answer_show(struct seq_file *seq, bool found, unsigned long size, unsigned long offset)
{
	if (found)
		seq_printf(seq, " %lx/%lx", offset, size);
	else
		seq_puts(seq, " -");
}

static int sizes_show(struct seq_file *seq, void *address)
{
	unsigned long addr = *(unsigned long *)address, size, offset;
	bool found;

	found = size_offset(addr, &size, &offset);
	answer_show(seq, found, size, offset);
	found = distance(addr, &size, &offset);
	answer_show(seq, found, size, offset);
	found = kallmodsyms_lookup_size(addr, &size, &offset);
	answer_show(seq, found, size, offset);
	seq_putc(seq, '\n');
	return 0;
}

/*
 * Returns true if kallsyms_lookup_name("place:name") finds what was found in @place. In a loaded
 * module, it also finds one of several symbols.
 */
static bool is_found_by_colon(const char *place, const char *name, int result, unsigned long addr)
{
	char *both = kasprintf(GFP_KERNEL, "%s:%s", place, name);
	bool same;

	if (!both)
		return false;
	same = lookup_name(both) == (result ? 0 : addr) || (result && !is_builtin(both));
	kfree(both);
	return same;
}

static void found_show(struct seq_file *seq, find_fn *find, const char *place, const char *name)
{
	unsigned long addr = 0;
	int result = find ? find(place, name, &addr) : -ENOENT;

	if (find && !is_found_by_colon(place, name, result, addr))
		seq_puts(seq, " different");
	else if (!result)
		seq_printf(seq, " %lx", addr);
	else
		seq_puts(seq, result == -ENOTUNIQ ? " several" : " none");
}

static int names_show(struct seq_file *seq, void *address)
{
	unsigned long addr = *(unsigned long *)address;
	struct kallmodsyms_modules modules;
	char name[KSYM_NAME_LEN], path[256];
	const char *module;

	snprintf(name, sizeof(name), "%ps", (void *)addr);
	/* %ps adds the name of a loaded module: "name [module]". */
	name[strcspn(name, " ")] = '\0';
	if (kallmodsyms_lookup_object(addr, path, sizeof(path)) < 0)
		strscpy(path, "-");
	seq_puts(seq, path);
	found_show(seq, find_in_object, path, name);
	kallmodsyms_lookup_modules(addr, &modules);
	while ((module = kallmodsyms_next_module(&modules)))
		found_show(seq, find_in_module, module, name);
	seq_putc(seq, '\n');
	return 0;
}

static const struct seq_operations lookup_operations = {
	.start	= question_start,
	.next	= question_next,
	.stop	= question_stop,
	.show	= lookup_show,
};

static const struct seq_operations modules_operations = {
	.start	= question_start,
	.next	= question_next,
	.stop	= question_stop,
	.show	= modules_show,
};

static const struct seq_operations sizes_operations = {
	.start	= question_start,
	.next	= question_next,
	.stop	= question_stop,
	.show	= sizes_show,
};

static const struct seq_operations names_operations = {
	.start	= question_start,
	.next	= question_next,
	.stop	= question_stop,
	.show	= names_show,
};

static int question_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, pde_data(inode), sizeof(struct question));
}

/* Each write replaces the addresses, and does not move the position of the reads. */
static ssize_t question_write(struct file *file, const char __user *data, size_t size, loff_t *pos)
{
	struct seq_file *seq = file->private_data;
	struct question *question = seq->private;
	unsigned long *addresses;

	if (size % sizeof(*addresses) || size / sizeof(*addresses) > MOST)
		return -EINVAL;
	addresses = kvmalloc(size, GFP_KERNEL);
	if (!addresses)
		return -ENOMEM;
	if (copy_from_user(addresses, data, size)) {
		kvfree(addresses);
		return -EFAULT;
	}
	mutex_lock(&seq->lock);
	swap(question->addresses, addresses);
	question->count = size / sizeof(*addresses);
	mutex_unlock(&seq->lock);
	kvfree(addresses);
	return size;
}

static int question_release(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;
	struct question *question = seq->private;

	kvfree(question->addresses);
	return seq_release_private(inode, file);
}

static const struct proc_ops operations = {
	.proc_open	= question_open,
	.proc_read	= seq_read,
	.proc_lseek	= seq_lseek,
	.proc_write	= question_write,
	.proc_release	= question_release,
};

static const struct {
	const char *name;
	const struct seq_operations *operations;
} files[] = {
	{ LOOKUP, &lookup_operations },
	{ MODULES, &modules_operations },
	{ SIZES, &sizes_operations },
	{ NAMES, &names_operations },
};

static void remove_files(int count)
{
	while (count--)
		remove_proc_entry(files[count].name, NULL);
}

static int __init lookup_init(void)
{
	lookup_name = find_lookup_name();
	if (!lookup_name)
		return -ENOENT;
	size_offset = (lookup_fn *)lookup_name("kallsyms_lookup_size_offset");
	distance = (lookup_fn *)lookup_name("kallmodsyms_lookup_distance");
	find_in_module = (find_fn *)lookup_name("kallmodsyms_find_in_module");
	/* Only a kernel with CONFIG_KALLMODSYMS_OBJECTS has this function. */
	find_in_object = (find_fn *)lookup_name("kallmodsyms_find_in_object");
	is_builtin = (is_builtin_fn *)lookup_name("kallmodsyms_is_builtin");
	if (!size_offset || !distance || !find_in_module || !is_builtin)
		return -ENOENT;
	for (int i = 0; i < ARRAY_SIZE(files); i++)
		if (!proc_create_data(files[i].name, 0600, NULL, &operations,
				      (void *)files[i].operations)) {
			remove_files(i);
			return -ENOMEM;
		}
	return 0;
}

static void __exit lookup_exit(void)
{
	remove_files(ARRAY_SIZE(files));
}

module_init(lookup_init);
module_exit(lookup_exit);

MODULE_DESCRIPTION("The kernel's answers for addresses, for the tests of /proc/kallmodsyms");
MODULE_LICENSE("GPL");
