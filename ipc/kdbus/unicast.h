/* SPDX-License-Identifier: GPL-2.0 */
/* A message for one receiver: who that is, and the moment when he has it. */
#ifndef KDBUS_UNICAST_H
#define KDBUS_UNICAST_H

#include <linux/types.h>

struct kdbus_call;
struct kdbus_conn;
struct kdbus_entry;
struct kdbus_message;
struct kdbus_name_entry;

/**
 * struct kdbus_target - where a unicast message goes
 * @conn: the receiver; pinned
 * @name: what it was addressed by; pinned, or NULL
 */
struct kdbus_target {
	struct kdbus_conn *conn;
	struct kdbus_name_entry *name;
};

int kdbus_target_pin_id(struct kdbus_conn *src, u64 id, struct kdbus_target *target);
int kdbus_target_pin_name(struct kdbus_conn *src, const char *text, u64 id,
			  struct kdbus_target *target);
int kdbus_target_pin(struct kdbus_message *message, struct kdbus_target *target);
int kdbus_target_pin_to_talk(struct kdbus_message *message, struct kdbus_target *target);
bool kdbus_target_has_moved(const struct kdbus_target *target);
void kdbus_target_unpin(struct kdbus_target *target);

struct kdbus_entry *kdbus_unicast_copy(struct kdbus_message *message, struct kdbus_conn *dst);
void kdbus_unicast_show(struct kdbus_message *message);
int kdbus_unicast_commit(struct kdbus_message *message, struct kdbus_target *target,
			 struct kdbus_entry *entry, struct kdbus_call *call);
void kdbus_unicast_commit_monitors(struct kdbus_message *message);

#endif
