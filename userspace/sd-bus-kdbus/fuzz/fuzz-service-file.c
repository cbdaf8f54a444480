// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * fuzz-service-file.c - libFuzzer: .service files and their command lines
 */
#include <stdint.h>
#include <stdlib.h>

#include "../busd/service-file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct service_file service;
	const char *why = NULL;
	char **argv;
	int r;

	r = service_file_parse(&service, (const char *)data, size, &why);
	if (r < 0) {
		if (!why)
			abort();
		return 0;
	}
	/* What a good one must have. */
	if (!service.name || (!service.exec && !service.unit))
		abort();
	if (service.exec && command_line_split(service.exec, &argv) > 0)
		command_line_free(argv);
	service_file_deinit(&service);
	return 0;
}
