// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * bus-id-main.c - usage: bus-id ADDRESS
 */
#include "bus-id.h"

int main(int argc, char **argv)
{
	return argc == 2 ? bus_id_print(argv[1]) : 2;
}
