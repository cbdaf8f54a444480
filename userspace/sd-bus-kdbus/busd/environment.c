// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * environment.c - a list of "NAME=value" that ends with NULL
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "busd.h"

/**
 * environment_set() - set a variable
 * @environment: the list; NULL is an empty one
 * @name: not empty, without "="
 * @value: its value
 *
 * Return: 0, -EINVAL for a wrong name, or -ENOMEM.
 */
int environment_set(char ***environment, const char *name, const char *value)
{
	size_t n = 0, length = strlen(name);
	char *text, **list = *environment;

	if (!length || strchr(name, '='))
		return -EINVAL;
	if (asprintf(&text, "%s=%s", name, value) < 0)
		return -ENOMEM;
	for (; list && list[n]; n++) {
		if (!strncmp(list[n], text, length + 1)) {
			free(list[n]);
			list[n] = text;
			return 0;
		}
	}
	list = reallocarray(list, n + 2, sizeof(*list));
	if (!list) {
		free(text);
		return -ENOMEM;
	}
	list[n] = text;
	list[n + 1] = NULL;
	*environment = list;
	return 0;
}

/**
 * environment_free() - free a list
 * @environment: the list, or NULL
 */
void environment_free(char **environment)
{
	char **entry;

	for (entry = environment; entry && *entry; entry++)
		free(*entry);
	free(environment);
}
