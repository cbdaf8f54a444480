/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service-file.h - D-Bus .service files: which name is started by what
 *
 * A .service file says that a well-known name can be started on demand, and how: by a unit of the
 * service manager, or by a command line. This reads one such file; who looks for them and acts on
 * them is elsewhere.
 */
#ifndef KDBUS_BUSD_SERVICE_FILE_H
#define KDBUS_BUSD_SERVICE_FILE_H

#include <stddef.h>

/* One activatable name. All strings are owned by the structure; absent ones are NULL. */
struct service_file {
	char *name;	/* the well-known name; set after a successful parse */
	char *exec;	/* command line, not yet split */
	char *user;	/* account that runs @exec on a system bus */
	char *unit;	/* unit of the service manager, preferred to @exec */
};

int service_file_parse(struct service_file *service, const char *text, size_t size,
		       const char **why);
void service_file_deinit(struct service_file *service);

int command_line_split(const char *line, char ***argv);
void command_line_free(char **argv);

#endif /* KDBUS_BUSD_SERVICE_FILE_H */
