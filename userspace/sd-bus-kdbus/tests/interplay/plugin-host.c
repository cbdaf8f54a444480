// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * plugin-host.c - a program without D-Bus loads a plugin with it
 *
 * usage: plugin-host PLUGIN ADDRESS
 */
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	int (*print)(const char *address);
	void *plugin;

	if (argc != 3)
		return 2;
	plugin = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	print = plugin ? (int (*)(const char *))dlsym(plugin, "bus_id_print") : NULL;
	if (!print) {
		fprintf(stderr, "plugin-host: %s\n", dlerror());
		return 2;
	}
	return print(argv[2]);
}
