// SPDX-License-Identifier: GPL-2.0

/* Prints lines for the harness. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "bench.h"

/*
 * Prints a line, and waits until the serial port has sent it. So the port is idle during
 * measurements.
 */
void say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("bench ");
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
}

/* Ends the program without the line "guest: done", so that the harness fails too. */
void give_up(const char *format, ...)
{
	int error = errno;
	va_list arguments;

	va_start(arguments, format);
	printf("cannot go on: ");
	vprintf(format, arguments);
	va_end(arguments);
	printf(": %s\n", strerror(error));
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
	_exit(1);
}
