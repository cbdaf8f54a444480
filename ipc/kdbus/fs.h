/* SPDX-License-Identifier: GPL-2.0 */
/* The two file system types, and names in their mounts. */
#ifndef KDBUS_FS_H
#define KDBUS_FS_H

#include <linux/fs.h>
#include <linux/types.h>

struct file;
struct kdbus_node;

int kdbus_fs_init(const struct file_operations *node_fops);
void kdbus_fs_deinit(void);

bool kdbus_fs_exists(struct kdbus_node *parent, const char *name);
bool kdbus_fs_is_node(const struct file *file);
int kdbus_fs_add(struct kdbus_node *parent, struct kdbus_node *node, const char *name);
int kdbus_fs_add_bus(struct kdbus_node *root, struct kdbus_node *bus, const char *name,
		     struct kdbus_node *endpoint);
void kdbus_fs_remove(struct kdbus_node *node);

#endif
