/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernel series in C, for Linux 6.12.
 */

#define kallmodsyms_series_bpf_lookup __bpf_address_lookup
