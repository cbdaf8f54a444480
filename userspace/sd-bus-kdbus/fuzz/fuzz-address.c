// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-address.c - libFuzzer: lists of bus addresses
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../core/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), path[32];
	const char *list = text;
	int r;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	do {
		const char *before = list;

		r = kbus_address_next(&list, path, sizeof(path));
		if (r > 0 && (!*path || strlen(path) >= sizeof(path)))
			abort();
		/* It goes on, or it ends. */
		if (r != 0 && list <= before)
			abort();
	} while (r != 0);
	free(text);
	return 0;
}
