/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config.h - what the files of a machine say about a bus: activatable names and policy
 */
#ifndef KDBUS_BUSD_CONFIG_H
#define KDBUS_BUSD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "policy.h"
#include "service-file.h"

/* What was read. Plain data; config_deinit() frees what it holds. */
struct config {
	struct service_file *services;	/* owned; sorted by name */
	size_t n_services;
	struct policy policy;
	struct policy_table table;	/* the policy, reduced */
};

/* Where to read it. All strings are borrowed. */
struct config_source {
	bool system;			/* system bus; otherwise session */
	const char *file;		/* configuration file, NULL for the usual one */
	const char * const *directories;/* further directories of .service files; ends with NULL */
};

int config_load(struct config *config, const struct config_source *source);
void config_deinit(struct config *config);
const struct service_file *config_find(const struct config *config, const char *name);

#endif /* KDBUS_BUSD_CONFIG_H */
