/* SPDX-License-Identifier: GPL-2.0 */
/* A message passes from the kernel to user space. */
#ifndef KDBUS_PUBLISH_H
#define KDBUS_PUBLISH_H

#include <linux/types.h>

struct kdbus_conn;
struct kdbus_entry;
struct kdbus_msg_info;

void kdbus_publish_nothing(const struct kdbus_conn *conn, struct kdbus_msg_info *info);
void kdbus_publish_prepare(struct kdbus_conn *conn, struct kdbus_entry *entry,
			   struct kdbus_msg_info *info);
void kdbus_publish_undo(struct kdbus_conn *conn, struct kdbus_entry *entry);
void kdbus_publish_commit(struct kdbus_conn *conn, struct kdbus_entry *entry);
int kdbus_publish_data(struct kdbus_conn *conn, const void *data, size_t size, u64 *offset);
void kdbus_publish_take_back(struct kdbus_conn *conn, u64 offset);

#endif
