// SPDX-License-Identifier: GPL-2.0

/*
 * Prints output in the Test Anything Protocol. Notes about a test stand before the line with the
 * result of that test.
 */

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests.h"

static unsigned int tests;

void check(bool passed, const char *format, ...)
{
	va_list arguments;

	printf("%s %u - ", passed ? "ok" : "not ok", ++tests);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	fflush(stdout);
}

void note(const char *format, ...)
{
	va_list arguments;

	printf("# ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n");
	fflush(stdout);
}

/* Prints no plan, so that the host sees that the tests did not end. */
void give_up(const char *format, ...)
{
	va_list arguments;

	printf("Bail out! ");
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf(": %m\n");
	fflush(stdout);
	_exit(1);
}

void print_plan(void)
{
	printf("1..%u\n", tests);
	fflush(stdout);
}
