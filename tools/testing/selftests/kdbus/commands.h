/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every command with arguments that are right, for tests that spoil them. */
#ifndef KDBUS_SELFTEST_COMMANDS_H
#define KDBUS_SELFTEST_COMMANDS_H

#include "common.h"

/*
 * @a, @b: connections
 * @file: fresh file for a set-up command, or the owner of a custom endpoint
 * @msg: message of SEND
 */
struct world {
	struct bus bus;
	struct conn a;
	struct conn b;
	int file;
	struct args msg;
};

int world_new(struct world *world);
void world_free(struct world *world);

/*
 * @fixed: size of the fixed structure
 * @flags: flags that it supports, as negotiation tells
 * @ignored: flags that it takes and ignores
 * @items: types that it takes, 0-terminated, without NEGOTIATE
 * @prepare: fill @args so that the command succeeds; returns the file or -errno
 * @return_flags: what it reports then
 */
struct command {
	const char *name;
	unsigned long nr;
	size_t fixed;
	__u64 flags;
	__u64 ignored;
	const __u64 *items;
	int (*prepare)(struct world *world, struct args *args);
	__u64 return_flags;
};

extern const struct command command_bus_make, command_endpoint_make, command_endpoint_update,
	command_hello, command_update, command_byebye, command_free, command_conn_info,
	command_bus_creator_info, command_list, command_send, command_recv,
	command_name_acquire, command_name_release, command_match_add, command_match_remove;

bool command_takes(const struct command *cmd, __u64 type);

/* A fixture with one variant per command. */
#define FIXTURE_COMMANDS(fixture_name)						\
	FIXTURE(fixture_name) {							\
		struct world world;						\
		struct args args;						\
		int fd;								\
	};									\
	FIXTURE_VARIANT(fixture_name) {						\
		const struct command *cmd;					\
	};									\
	FIXTURE_SETUP(fixture_name)						\
	{									\
		ASSERT_EQ(0, world_new(&self->world));				\
		self->fd = variant->cmd->prepare(&self->world, &self->args);	\
		ASSERT_LE(0, self->fd);						\
	}									\
	FIXTURE_TEARDOWN(fixture_name)						\
	{									\
		world_free(&self->world);					\
	}									\
	FIXTURE_VARIANT_ADD(fixture_name, BUS_MAKE) { &command_bus_make };	\
	FIXTURE_VARIANT_ADD(fixture_name, ENDPOINT_MAKE) { &command_endpoint_make }; \
	FIXTURE_VARIANT_ADD(fixture_name, ENDPOINT_UPDATE) { &command_endpoint_update }; \
	FIXTURE_VARIANT_ADD(fixture_name, HELLO) { &command_hello };		\
	FIXTURE_VARIANT_ADD(fixture_name, UPDATE) { &command_update };		\
	FIXTURE_VARIANT_ADD(fixture_name, BYEBYE) { &command_byebye };		\
	FIXTURE_VARIANT_ADD(fixture_name, FREE) { &command_free };		\
	FIXTURE_VARIANT_ADD(fixture_name, CONN_INFO) { &command_conn_info };	\
	FIXTURE_VARIANT_ADD(fixture_name, BUS_CREATOR_INFO) { &command_bus_creator_info }; \
	FIXTURE_VARIANT_ADD(fixture_name, LIST) { &command_list };		\
	FIXTURE_VARIANT_ADD(fixture_name, SEND) { &command_send };		\
	FIXTURE_VARIANT_ADD(fixture_name, RECV) { &command_recv };		\
	FIXTURE_VARIANT_ADD(fixture_name, NAME_ACQUIRE) { &command_name_acquire }; \
	FIXTURE_VARIANT_ADD(fixture_name, NAME_RELEASE) { &command_name_release }; \
	FIXTURE_VARIANT_ADD(fixture_name, MATCH_ADD) { &command_match_add };	\
	FIXTURE_VARIANT_ADD(fixture_name, MATCH_REMOVE) { &command_match_remove }

/*
 * Memory of two pages with nothing behind them: a copy of @args whose last
 * readable byte is its byte number @readable, or NULL.
 */
void *args_before_hole(const struct args *args, size_t readable);

/* A copy of @args that can be read but not written. */
void *args_read_only(const struct args *args);

#endif /* KDBUS_SELFTEST_COMMANDS_H */
