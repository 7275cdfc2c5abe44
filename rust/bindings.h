/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The C declarations that the component (kallmodsyms.rs) and the kernel crate's
 * module (api.rs) use. rust/bindings/bindings_helper.h includes this file for
 * bindgen. helpers.c includes it so that the compiler checks the prototypes.
 */

#include <linux/kallmodsyms.h>

#ifdef CONFIG_KALLMODSYMS

#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/types.h>
#include <linux/uio.h>
#include <linux/version.h>

#include <asm/sections.h>

#include <../kernel/kallsyms_internal.h>
#ifdef CONFIG_MODULES
#include <../kernel/module/internal.h>
#endif
#ifdef CONFIG_BPF_JIT
#include "bpf_symbols.h"
#endif

/* The tables that the generator appends to the tables of scripts/kallsyms. */
extern const u32 kallsyms_num_modules;
extern const unsigned long kallsyms_module_base;
extern const u32 kallsyms_module_offsets[];
extern const u32 kallsyms_modules[];
extern const u32 kallsyms_num_module_exceptions;
extern const u32 kallsyms_module_exceptions[];
extern const u32 kallsyms_exception_modules[];
extern const u8 kallsyms_module_names[];
extern const u32 kallsyms_module_names_len;

#ifdef CONFIG_KALLMODSYMS_SIZES
/* The numbers of nibbles, bytes and words in the tables below. */
extern const u32 kallsyms_size_counts[3];
extern const u64 kallsyms_size_bits[];
extern const u32 kallsyms_size_bit_ranks[];
extern const u8 kallsyms_size_nibbles[];
extern const u32 kallsyms_size_nibble_ranks[];
extern const u32 kallsyms_size_values[];
extern const u8 kallsyms_size_bytes[];
extern const u32 kallsyms_size_byte_ranks[];
extern const u64 kallsyms_size_words[];
#endif

#ifdef CONFIG_KALLMODSYMS_OBJECTS
/*
 * The numbers of object files, bytes of runs, bytes of names, entries for
 * directories, and bytes of directories in the tables below.
 */
extern const u32 kallsyms_object_counts[5];
extern const u8 kallsyms_object_runs[];
extern const u32 kallsyms_object_markers[];
extern const u8 kallsyms_object_names[];
extern const u32 kallsyms_object_name_offsets[];
extern const u32 kallsyms_object_dir_starts[];
extern const u32 kallsyms_object_dir_offsets[];
extern const u8 kallsyms_object_dirs[];
#endif

/* bindgen does not translate MODULE_NAME_LEN, a macro with sizeof. */
enum { KALLMODSYMS_MODULE_NAME_LEN = MODULE_NAME_LEN };

/* kallmodsyms.rs: helpers.c calls this when the kernel starts. */
int kallmodsyms_init(void);

/* helpers.c: wrappers of inline functions and macros, and code that needs C-only interfaces. */
void *kallmodsyms_pde_data(const struct inode *inode);
size_t kallmodsyms_iov_iter_count(const struct iov_iter *iter);
size_t kallmodsyms_copy_to_iter(const void *addr, size_t bytes,
				struct iov_iter *iter);
void kallmodsyms_cond_resched(void);
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 2, 0)
void kallmodsyms_rcu_read_lock(void);
void kallmodsyms_rcu_read_unlock(void);
#endif
bool kallmodsyms_fatal_signal_pending(void);
int kallmodsyms_ftrace_mod_get_kallsym(unsigned int symnum, unsigned long *value,
				       char *type, char *name,
				       char *module_name, int *exported);
int kallmodsyms_kprobe_get_kallsym(unsigned int symnum, unsigned long *value,
				   char *type, char *sym);
unsigned long kallmodsyms_ftrace_size(unsigned long addr);
bool kallmodsyms_is_kernel_inittext(unsigned long addr);
bool kallmodsyms_loaded_module(unsigned long addr, char *name);
bool kallmodsyms_loaded_size(unsigned long addr, unsigned long *size,
			     unsigned long *offset);
int kallmodsyms_find_in_loaded(const char *module, const char *name,
			       unsigned long *addr);
#ifdef CONFIG_MODULES
unsigned long kallmodsyms_kallsyms_symbol_value(const Elf_Sym *sym);
unsigned long kallmodsyms_kernel_symbol_value(const struct kernel_symbol *sym);
#endif
#ifdef CONFIG_VMCORE_INFO
size_t kallmodsyms_vmcoreinfo_bytes_left(void);
void kallmodsyms_vmcoreinfo_symbol(const char *name, unsigned long addr);
void kallmodsyms_vmcoreinfo_update_note(void);
#endif

#endif /* CONFIG_KALLMODSYMS */
