/* SPDX-License-Identifier: GPL-2.0 */
/* Descriptors and memfds that travel with a message. */
#ifndef KDBUS_FILES_H
#define KDBUS_FILES_H

#include <linux/kref.h>
#include <linux/types.h>

struct file;
struct kdbus_limits;
struct kdbus_msg;
struct kdbus_pool;
struct kdbus_slice;

/**
 * struct kdbus_carried_file - one file and where its number goes
 * @file: pinned
 * @at: offset of the number (s32) in the message image, in bytes
 */
struct kdbus_carried_file {
	struct file *file;
	u32 at;
};

/**
 * struct kdbus_files - the files of one message, shared by its copies
 * @ref: the message while it is sent, and each queued copy
 * @n_fds: number of entries of the FDS item; they come first
 * @n: number of all
 * @files: the files; those of memfd items behind those of the FDS item
 *
 * Nothing changes after the import.
 */
struct kdbus_files {
	struct kref ref;
	unsigned int n_fds;
	unsigned int n;
	struct kdbus_carried_file files[];
};

struct kdbus_files *kdbus_files_import(struct kdbus_msg *msg, unsigned int n_fds,
				       unsigned int n_memfds);
struct kdbus_files *kdbus_files_get(struct kdbus_files *files);
void kdbus_files_put(struct kdbus_files *files);

bool kdbus_files_install(const struct kdbus_files *files, struct kdbus_pool *pool,
			 const struct kdbus_slice *slice, bool accept_fds);
void kdbus_files_uninstall(const struct kdbus_files *files, struct kdbus_pool *pool,
			   const struct kdbus_slice *slice);

#endif
