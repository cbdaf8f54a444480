// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which command is taken by which file, decided before any argument is read:
 * every test passes an address that cannot be read.
 */
#include <sys/ioctl.h>
#include "common.h"
#include "kselftest_harness.h"

#define NOWHERE		((void *)8UL)

/* the commands by the file that takes them */
static const struct {
	const char *name;
	unsigned long nr;
	enum { ON_CONTROL, ON_ENDPOINT, ON_OWNER, ON_CONNECTION } on;
} commands[] = {
	{ "BUS_MAKE", KDBUS_CMD_BUS_MAKE, ON_CONTROL },
	{ "ENDPOINT_MAKE", KDBUS_CMD_ENDPOINT_MAKE, ON_ENDPOINT },
	{ "ENDPOINT_UPDATE", KDBUS_CMD_ENDPOINT_UPDATE, ON_OWNER },
	{ "HELLO", KDBUS_CMD_HELLO, ON_ENDPOINT },
	{ "UPDATE", KDBUS_CMD_UPDATE, ON_CONNECTION },
	{ "BYEBYE", KDBUS_CMD_BYEBYE, ON_CONNECTION },
	{ "FREE", KDBUS_CMD_FREE, ON_CONNECTION },
	{ "CONN_INFO", KDBUS_CMD_CONN_INFO, ON_CONNECTION },
	{ "BUS_CREATOR_INFO", KDBUS_CMD_BUS_CREATOR_INFO, ON_CONNECTION },
	{ "LIST", KDBUS_CMD_LIST, ON_CONNECTION },
	{ "SEND", KDBUS_CMD_SEND, ON_CONNECTION },
	{ "RECV", KDBUS_CMD_RECV, ON_CONNECTION },
	{ "NAME_ACQUIRE", KDBUS_CMD_NAME_ACQUIRE, ON_CONNECTION },
	{ "NAME_RELEASE", KDBUS_CMD_NAME_RELEASE, ON_CONNECTION },
	{ "MATCH_ADD", KDBUS_CMD_MATCH_ADD, ON_CONNECTION },
	{ "MATCH_REMOVE", KDBUS_CMD_MATCH_REMOVE, ON_CONNECTION },
};

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (; *list; list += strcspn(list, " "), list += *list == ' ')
		if (strcspn(list, " ") == n && !strncmp(list, word, n))
			return true;
	return false;
}

FIXTURE(routing) {
	struct bus bus;
	struct conn conn;
	int control;
	int endpoint;
	int owner;
	bool has_owner;
};

/*
 * @owner is a bus file that made a custom endpoint.  Tests that do not need it
 * do not depend on ENDPOINT_MAKE.
 */
FIXTURE_SETUP(routing)
{
	struct args args;
	char name[64];

	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->conn, &self->bus));
	self->control = open_at(domain_path(), "control");
	ASSERT_LE(0, self->control);
	self->endpoint = open_at(self->bus.dir, "bus");
	ASSERT_LE(0, self->endpoint);
	self->owner = open_at(self->bus.dir, "bus");
	ASSERT_LE(0, self->owner);
	args_cmd(&args);
	snprintf(name, sizeof(name), "%u-custom", geteuid());
	args_str(&args, KDBUS_ITEM_MAKE_NAME, name);
	self->has_owner = command(self->owner, KDBUS_CMD_ENDPOINT_MAKE, &args) == 0;
}

FIXTURE_TEARDOWN(routing)
{
	close(self->owner);
	close(self->endpoint);
	close(self->control);
	conn_close(&self->conn);
	bus_close(&self->bus);
}

/* abi: 2.4/unknown-number */
TEST_F(routing, unknown_numbers_are_refused_with_enotty)
{
	static const unsigned long numbers[] = {
		_IOW(KDBUS_IOCTL_MAGIC, 0x01, struct kdbus_cmd),
		_IOW(KDBUS_IOCTL_MAGIC, 0x12, struct kdbus_cmd),
		_IOW(KDBUS_IOCTL_MAGIC, 0x87, struct kdbus_cmd),
		_IOW(KDBUS_IOCTL_MAGIC, 0x92, struct kdbus_cmd),
		_IOW(KDBUS_IOCTL_MAGIC, 0xa2, struct kdbus_cmd),
		_IOW(KDBUS_IOCTL_MAGIC, 0xb2, struct kdbus_cmd),
		_IO(0x95, 0xff), _IO(0x94, 0x90), 0, 0xffffffff,
	};
	int files[] = { self->control, self->endpoint, self->conn.fd, self->bus.fd };
	unsigned int i, file;

	for (file = 0; file < ARRAY_SIZE(files); file++) {
		for (i = 0; i < ARRAY_SIZE(numbers); i++) {
			EXPECT_EQ(-ENOTTY, command(files[file], numbers[i], NOWHERE)) {
				TH_LOG("number %lx on file %u", numbers[i], file);
			}
		}
	}
}

/* abi: 3/whole-number */
TEST_F(routing, direction_and_size_are_part_of_the_number)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		EXPECT_EQ(-ENOTTY, command(self->conn.fd,
					   _IO(KDBUS_IOCTL_MAGIC, commands[i].nr & 0xff), NOWHERE)) {
			TH_LOG("%s without direction", commands[i].name);
		}
		EXPECT_EQ(-ENOTTY, command(self->conn.fd, commands[i].nr + (8 << _IOC_SIZESHIFT),
					   NOWHERE)) {
			TH_LOG("%s of another size", commands[i].name);
		}
	}
}

/* abi: 2.4/wrong-node, 2.4/unset-or-bus-owner */
TEST_F(routing, unset_control_takes_only_bus_make)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		EXPECT_EQ(commands[i].on == ON_CONTROL ? -EFAULT : -EBADFD,
			  command(self->control, commands[i].nr, NOWHERE)) {
			TH_LOG("%s", commands[i].name);
		}
	}
}

/* abi: 2.4/wrong-node, 2.4/unset-or-bus-owner */
TEST_F(routing, unset_endpoint_takes_only_hello_and_endpoint_make)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		EXPECT_EQ(commands[i].on == ON_ENDPOINT ? -EFAULT : -EBADFD,
			  command(self->endpoint, commands[i].nr, NOWHERE)) {
			TH_LOG("%s", commands[i].name);
		}
	}
}

/* abi: 2.4/has-role, 2.4/unset-or-bus-owner */
TEST_F(routing, bus_owner_takes_no_command)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		EXPECT_EQ(-EBADFD, command(self->bus.fd, commands[i].nr, NOWHERE)) {
			TH_LOG("%s", commands[i].name);
		}
	}
}

/* abi: 2.4/endpoint-owner, 2.4/has-role */
TEST_F(routing, endpoint_owner_takes_only_endpoint_update)
{
	unsigned int i;

	ASSERT_TRUE(self->has_owner);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		EXPECT_EQ(commands[i].on == ON_OWNER ? -EFAULT : -EBADFD,
			  command(self->owner, commands[i].nr, NOWHERE)) {
			TH_LOG("%s", commands[i].name);
		}
	}
}

/* abi: 2.4/endpoint-owner, 2.3/dead-update */
TEST_F(routing, owner_of_a_dead_endpoint_gets_eshutdown)
{
	unsigned int i;

	ASSERT_TRUE(self->has_owner);
	bus_close(&self->bus);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].on == ON_CONNECTION || commands[i].on == ON_OWNER) {
			EXPECT_EQ(-ESHUTDOWN, command(self->owner, commands[i].nr, NOWHERE)) {
				TH_LOG("%s", commands[i].name);
			}
		}
	}
}

/* abi: 2.4/has-role, 2.4/connection-update */
TEST_F(routing, connection_takes_all_its_commands_and_no_other)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		EXPECT_EQ(commands[i].on == ON_CONNECTION ? -EFAULT : -EBADFD,
			  command(self->conn.fd, commands[i].nr, NOWHERE)) {
			TH_LOG("%s", commands[i].name);
		}
	}
}

/* abi: 2.4/connection-dead, 2.4/connection-update */
TEST_F(routing, disconnected_connection_gets_econnreset)
{
	unsigned int i;

	ASSERT_EQ(0, conn_bye(&self->conn));
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].on == ON_CONNECTION || commands[i].on == ON_OWNER) {
			EXPECT_EQ(-ECONNRESET, command(self->conn.fd, commands[i].nr, NOWHERE)) {
				TH_LOG("%s", commands[i].name);
			}
		}
	}
}

/* abi: 6.2/kind-first, 11.1/1, 7/activator, 7/policy-holder, 7/monitor */
TEST_F(routing, command_not_for_this_kind_is_eopnotsupp)
{
	static const struct {
		__u64 kind;
		const char *name;
		const char *refused;
	} kinds[] = {
		{ KDBUS_HELLO_ACTIVATOR, "com.example.A",
		  "BYEBYE SEND NAME_ACQUIRE NAME_RELEASE MATCH_ADD MATCH_REMOVE" },
		{ KDBUS_HELLO_POLICY_HOLDER, "com.example.B",
		  "BYEBYE FREE SEND RECV NAME_ACQUIRE NAME_RELEASE MATCH_ADD MATCH_REMOVE" },
		{ KDBUS_HELLO_MONITOR, NULL,
		  "BYEBYE SEND NAME_ACQUIRE NAME_RELEASE MATCH_ADD MATCH_REMOVE" },
	};
	struct conn conn;
	unsigned int i, k;

	for (k = 0; k < ARRAY_SIZE(kinds); k++) {
		ASSERT_EQ(0, kinds[k].name ?
			  conn_new_named(&conn, &self->bus, kinds[k].kind, kinds[k].name) :
			  conn_new_flags(&conn, &self->bus, kinds[k].kind));
		for (i = 0; i < ARRAY_SIZE(commands); i++) {
			if (commands[i].on != ON_CONNECTION)
				continue;
			EXPECT_EQ(has_word(kinds[k].refused, commands[i].name) ? -EOPNOTSUPP : -EFAULT,
				  command(conn.fd, commands[i].nr, NOWHERE)) {
				TH_LOG("%s on kind %llx", commands[i].name, kinds[k].kind);
			}
		}
		conn_close(&conn);
	}
}

/* abi: 2.4/has-role */
TEST_F(routing, second_hello_is_refused)
{
	struct args args;

	args_hello_default(&args);
	EXPECT_EQ(-EBADFD, command(self->conn.fd, KDBUS_CMD_HELLO, &args));
}

/* abi: 2.4/retry */
TEST_F(routing, failed_hello_leaves_the_file_as_it_was)
{
	struct args args;

	args_hello_default(&args);
	args.hello.pool_size = 1;
	EXPECT_EQ(-EINVAL, command(self->endpoint, KDBUS_CMD_HELLO, &args));
	args_hello_default(&args);
	EXPECT_EQ(0, command(self->endpoint, KDBUS_CMD_HELLO, &args));
}

/* abi: 2.4/retry */
TEST_F(routing, failed_bus_make_leaves_the_file_as_it_was)
{
	struct args args;
	char name[64];

	args_bus(&args, "bad", 0);
	EXPECT_EQ(-EINVAL, command(self->control, KDBUS_CMD_BUS_MAKE, &args));
	bus_name_unique(name);
	args_bus(&args, name, 0);
	EXPECT_EQ(0, command(self->control, KDBUS_CMD_BUS_MAKE, &args));
}

/* abi: 2.4/retry */
TEST_F(routing, negotiation_leaves_the_file_as_it_was)
{
	struct args args;

	args_hello(&args);
	args.hello.flags = KDBUS_FLAG_NEGOTIATE;
	EXPECT_EQ(0, command(self->endpoint, KDBUS_CMD_HELLO, &args));
	args_hello_default(&args);
	EXPECT_EQ(0, command(self->endpoint, KDBUS_CMD_HELLO, &args));
}

struct hello_race {
	int fd;
	int ret;
};

static void *say_hello(void *data)
{
	struct hello_race *race = data;
	struct args args;

	args_hello_default(&args);
	race->ret = command(race->fd, KDBUS_CMD_HELLO, &args);
	return NULL;
}

/* abi: 2.4/serialised */
TEST_F(routing, of_two_hellos_at_the_same_time_one_succeeds)
{
	struct hello_race race[2] = { { .fd = self->endpoint }, { .fd = self->endpoint } };
	pthread_t threads[2];
	int i;

	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, say_hello, &race[i]));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	}
	EXPECT_EQ(-EBADFD, race[0].ret + race[1].ret);
	EXPECT_TRUE(race[0].ret == 0 || race[1].ret == 0);
}

TEST_HARNESS_MAIN
