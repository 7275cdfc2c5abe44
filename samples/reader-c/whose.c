// SPDX-License-Identifier: GPL-2.0

/*
 * whose [-f FILE] [-t] [ADDRESS]...
 *
 * Prints the symbol and the modules of each hexadecimal address. Without an ADDRESS, reads
 * addresses from the standard input, one on each line. -f reads a saved listing instead of
 * /proc/kallmodsyms. -t prints the time of reading the listing to the standard error.
 *
 *	$ ./whose ffffffff8da4a500 ffffffff81000000
 *	ffffffff8da4a500 ext4_fill_super+0xc1/0x2b22 [ext4]
 *	ffffffff81000000 ?
 *
 * Exit codes: 0 success, even if an address is in no symbol; 1 the listing cannot be read, or all its
 * addresses are zeros; 2 a wrong option or address.
 */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kallmodsyms.h"

static double milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static void print(const struct kallmodsyms *listing, uint64_t address)
{
	const struct kallmodsyms_symbol *symbol = kallmodsyms_find(listing, address);
	const char *module = NULL;

	printf("%" PRIx64, address);
	if (symbol)
		printf(" %s+0x%" PRIx64 "/0x%" PRIx64, symbol->name, address - symbol->address,
		       symbol->size);
	else
		printf(" ?");
	while (symbol && (module = kallmodsyms_next_module(symbol, module)))
		printf(" [%s]", module);
	printf("\n");
}

/* Prints the answer for @word. Returns false if @word is not an address. */
static bool answer(const struct kallmodsyms *listing, const char *word)
{
	uint64_t address;
	char *end;

	errno = 0;
	address = strtoull(word, &end, 16);
	if (errno || !isxdigit((unsigned char)*word) || (*end && *end != '\n')) {
		fprintf(stderr, "whose: not an address in hexadecimal: %s\n", word);
		return false;
	}
	print(listing, address);
	return true;
}

static int answer_all(const struct kallmodsyms *listing, char **words)
{
	char line[64];

	if (kallmodsyms_hides_addresses(listing)) {
		fprintf(stderr, "whose: the listing has zeros for addresses; read or save it as root\n");
		return 1;
	}
	for (char **word = words; *word; word++)
		if (!answer(listing, *word))
			return 2;
	while (!*words && fgets(line, sizeof(line), stdin))
		if (!answer(listing, line))
			return 2;
	return 0;
}

int main(int argc, char **argv)
{
	struct kallmodsyms_error error;
	struct kallmodsyms *listing;
	const char *path = NULL;
	double start = milliseconds();
	bool is_timed = false;
	int option, code;

	while ((option = getopt(argc, argv, "f:t")) != -1) {
		if (option == 'f') {
			path = optarg;
		} else if (option == 't') {
			is_timed = true;
		} else {
			fprintf(stderr, "usage: whose [-f FILE] [-t] [ADDRESS]...\n");
			return 2;
		}
	}
	listing = kallmodsyms_read(path, &error);
	if (!listing) {
		fprintf(stderr, "whose: %s", path ? path : KALLMODSYMS_PATH);
		if (error.line)
			fprintf(stderr, ":%zu", error.line);
		fprintf(stderr, ": %s%s%s\n", error.what, error.number ? ": " : "",
			error.number ? strerror(error.number) : "");
		return 1;
	}
	if (is_timed)
		fprintf(stderr, "whose: %zu lines in %.1f ms\n", kallmodsyms_count(listing),
			milliseconds() - start);
	code = answer_all(listing, argv + optind);
	kallmodsyms_free(listing);
	return code;
}
