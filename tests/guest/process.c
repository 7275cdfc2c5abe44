// SPDX-License-Identifier: GPL-2.0

/* Runs child processes and other programs, and changes the user. */

#include <grp.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests.h"

/* Runs @run in a child process. Returns true if @run returned true. */
bool in_child(bool (*run)(void))
{
	int status;
	pid_t child = fork();

	if (child < 0)
		give_up("fork");
	if (!child)
		_exit(run() ? 0 : 1);
	if (waitpid(child, &status, 0) != child)
		give_up("waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void become_user(void)
{
	if (setgroups(0, NULL) || setgid(USER) || setuid(USER))
		give_up("becoming user %d", USER);
}

void run_command(const char *command)
{
	if (system(command))
		give_up("%s", command);
}
