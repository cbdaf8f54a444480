/* SPDX-License-Identifier: GPL-2.0 */
/* Asking current for what is text */
#ifndef KDBUS_META_TASK_H
#define KDBUS_META_TASK_H

#include <linux/path.h>
#include <linux/types.h>

/* Argument vectors are cut here, to bound what one message can carry. */
#define KDBUS_CMDLINE_MAX	4096

/**
 * struct kdbus_text - a metadata text of its own size
 * @size: bytes in @data, the final NUL included
 * @data: the text; a command line has more than one NUL
 *
 * Owned by one snapshot, immutable, freed with kfree().
 */
struct kdbus_text {
	size_t size;
	char data[];
};

struct kdbus_text *kdbus_text_new(const char *data, size_t len);
struct kdbus_text *kdbus_text_path(const struct path *path);
struct kdbus_text *kdbus_task_cmdline(void);
struct kdbus_text *kdbus_task_cgroup(void);
struct kdbus_text *kdbus_task_seclabel(void);
bool kdbus_task_exe(struct path *path);

#endif
