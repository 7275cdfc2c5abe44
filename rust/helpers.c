// SPDX-License-Identifier: GPL-2.0
/*
 * Wrappers of inline functions and macros, and code that needs C-only interfaces.
 * See bindings.h.
 */

#include <linux/ftrace.h>
#include <linux/init.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/module_symbol.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <linux/version.h>
#include <linux/vmcore_info.h>

#include "bindings.h"

device_initcall(kallmodsyms_init);

void *kallmodsyms_pde_data(const struct inode *inode)
{
	return pde_data(inode);
}

size_t kallmodsyms_iov_iter_count(const struct iov_iter *iter)
{
	return iov_iter_count(iter);
}

size_t kallmodsyms_copy_to_iter(const void *addr, size_t bytes,
				struct iov_iter *iter)
{
	return copy_to_iter(addr, bytes, iter);
}

void kallmodsyms_cond_resched(void)
{
	cond_resched();
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 2, 0)
void kallmodsyms_rcu_read_lock(void)
	__acquires(RCU)
{
	rcu_read_lock();
}

void kallmodsyms_rcu_read_unlock(void)
	__releases(RCU)
{
	rcu_read_unlock();
}
#endif

bool kallmodsyms_fatal_signal_pending(void)
{
	return fatal_signal_pending(current);
}

int kallmodsyms_ftrace_mod_get_kallsym(unsigned int symnum, unsigned long *value,
				       char *type, char *name,
				       char *module_name, int *exported)
{
	return ftrace_mod_get_kallsym(symnum, value, type, name, module_name,
				      exported);
}

int kallmodsyms_kprobe_get_kallsym(unsigned int symnum, unsigned long *value,
				   char *type, char *sym)
{
	return kprobe_get_kallsym(symnum, value, type, sym);
}

/*
 * Returns the size in bytes of the ftrace trampoline, or of the freed init function
 * of a module, that begins at @addr. Returns 0 if neither begins there any more.
 */
unsigned long kallmodsyms_ftrace_size(unsigned long addr)
{
	unsigned long size, offset;
	char name[KSYM_NAME_LEN];

#ifdef CONFIG_DYNAMIC_FTRACE
	/* No trampoline is freed while preemption is disabled. */
	guard(preempt)();
	const struct ftrace_ops *ops = ftrace_ops_trampoline(addr);

	if (ops)
		return ops->trampoline == addr ? ops->trampoline_size : 0;
#endif
	if (ftrace_mod_address_lookup(addr, &size, &offset, NULL, NULL, name) &&
	    !offset)
		return size;
	return 0;
}

bool kallmodsyms_is_kernel_inittext(unsigned long addr)
{
	return is_kernel_inittext(addr);
}

/* Returns true if @addr is in a loaded module; its name is then in @name. */
bool kallmodsyms_loaded_module(unsigned long addr, char *name)
{
#ifdef CONFIG_MODULES
	const struct module *module;

	/* No module is freed while preemption is disabled. */
	guard(preempt)();
	module = __module_address(addr);
	if (module)
		strscpy(name, module->name, MODULE_NAME_LEN);
	return module;
#else
	return false;
#endif
}

/*
 * Looks for the symbol of a loaded module that %pS names for @addr. Like
 * find_kallsyms_symbol(), takes the first of several symbols at one address.
 * Returns true if @addr is in the symbol; *@size is then the size of the symbol,
 * and *@offset the number of bytes from the start of the symbol to @addr.
 */
bool kallmodsyms_loaded_size(unsigned long addr, unsigned long *size,
			     unsigned long *offset)
{
	unsigned long begin = 0, bytes = 0;
#ifdef CONFIG_MODULES
	const struct mod_kallsyms *kallsyms;
	const struct module *module;

	/* No module and no table of symbols is freed while preemption is disabled. */
	guard(preempt)();
	module = __module_address(addr);
	if (!module)
		return false;
	kallsyms = rcu_dereference_sched(module->kallsyms);
	for (unsigned int i = 1; i < kallsyms->num_symtab; i++) {
		const Elf_Sym *sym = &kallsyms->symtab[i];
		const char *name = kallsyms->strtab + sym->st_name;
		unsigned long value = kallsyms_symbol_value(sym);

		if (value > addr || value <= begin || sym->st_shndx == SHN_UNDEF ||
		    !*name || is_mapping_symbol(name))
			continue;
		begin = value;
		bytes = sym->st_size;
	}
#endif
	*size = bytes;
	*offset = addr - begin;
	return *offset < bytes;
}

/*
 * Looks for the symbol called @name of the loaded module called @module, and stores its
 * address in *@addr. Returns 0, -ESRCH if no such module is loaded, -ENOENT if the
 * module has no such symbol, and -ENOTUNIQ if the module has such symbols at several
 * addresses. If the result is not 0, *@addr stays the same.
 */
int kallmodsyms_find_in_loaded(const char *module, const char *name,
			       unsigned long *addr)
{
	int result = -ESRCH;
#ifdef CONFIG_MODULES
	const struct mod_kallsyms *kallsyms;
	const struct module *loaded;
	unsigned long found = 0;

	/* No module and no table of symbols is freed while preemption is disabled. */
	guard(preempt)();
	loaded = find_module(module);
	if (!loaded)
		return -ESRCH;
	result = -ENOENT;
	/* The symbols of sections have no name. */
	if (!*name)
		return result;
	kallsyms = rcu_dereference_sched(loaded->kallsyms);
	for (unsigned int i = 1; i < kallsyms->num_symtab; i++) {
		const Elf_Sym *sym = &kallsyms->symtab[i];
		unsigned long value = kallsyms_symbol_value(sym);

		if (sym->st_shndx == SHN_UNDEF || strcmp(kallsyms->strtab + sym->st_name, name))
			continue;
		if (!result && value != found)
			return -ENOTUNIQ;
		found = value;
		result = 0;
	}
	if (!result)
		*addr = found;
#endif
	return result;
}

/*
 * For an address of the image, kallsyms_lookup_size_offset() may store the true size
 * of the symbol. kallsyms_lookup() always stores the distance to the next symbol.
 */
int kallmodsyms_lookup_distance(unsigned long addr, unsigned long *size,
				unsigned long *offset)
{
	char name[KSYM_NAME_LEN];

	if (!is_ksym_addr(addr))
		return kallsyms_lookup_size_offset(addr, size, offset);
	return !!kallsyms_lookup(addr, size, offset, NULL, name);
}

#ifdef CONFIG_MODULES
unsigned long kallmodsyms_kallsyms_symbol_value(const Elf_Sym *sym)
{
	return kallsyms_symbol_value(sym);
}

unsigned long kallmodsyms_kernel_symbol_value(const struct kernel_symbol *sym)
{
	return kernel_symbol_value(sym);
}
#endif

#ifdef CONFIG_VMCORE_INFO
/* Returns the number of bytes left in VMCOREINFO; 0 if there was no memory for it. */
size_t kallmodsyms_vmcoreinfo_bytes_left(void)
{
	return vmcoreinfo_note ? VMCOREINFO_BYTES - vmcoreinfo_size : 0;
}

void kallmodsyms_vmcoreinfo_symbol(const char *name, unsigned long addr)
{
	vmcoreinfo_append_str("SYMBOL(%s)=%lx\n", name, addr);
}

/* Copies the data of VMCOREINFO to the note, which tools read in dumps of virtual machines. */
void kallmodsyms_vmcoreinfo_update_note(void)
{
	final_note(append_elf_note(vmcoreinfo_note, VMCOREINFO_NOTE_NAME, 0,
				   vmcoreinfo_data, vmcoreinfo_size));
}
#endif
