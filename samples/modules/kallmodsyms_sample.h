/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Functions that log the module of a caller.
 */
#ifndef KALLMODSYMS_SAMPLE_H
#define KALLMODSYMS_SAMPLE_H

/* kallmodsyms_sample_c.c */
void kallmodsyms_sample_c(void);

/* who_calls_export.c and who_calls.rs */
void kallmodsyms_sample_rust(void);
/* Logs the module of the caller. @address is the return address of the call. */
void kallmodsyms_sample_rust_called_from(unsigned long address);

#endif
