/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between kernel series in C, for Linux 7.3.
 */

#define kallmodsyms_series_bpf_lookup bpf_address_lookup
