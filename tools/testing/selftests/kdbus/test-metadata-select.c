// SPDX-License-Identifier: LGPL-2.1-or-later
/* Metadata: which items a message gets, in which order, collected when. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include "metadata.h"
#include "kselftest_harness.h"

FIXTURE_BUS(select)

/* A message from another process, so that nothing is shown for being its own. */
static const struct kdbus_msg *msg_from_child(struct conn *from, struct conn *to)
{
	int ret = send_elsewhere(from, to->id, 1, enter_nothing, NULL, NULL);

	if (ret) {
		errno = -ret;
		return NULL;
	}
	return msg_next(to);
}

/* ---- masks ---- */

/* abi: 18.2/nothing-asked */
TEST_F(select, receiver_that_asks_for_nothing_gets_no_items)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, name_acquire(&self->a, "org.example", 0, NULL));
	msg = msg_with(&self->a, &self->b, 0);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(0, msg_kinds(msg));
	EXPECT_EQ(sizeof(*msg), msg->size);
}

FIXTURE(kind) {
	struct bus bus;
	struct conn a;
	struct conn b;
};

FIXTURE_VARIANT(kind) { __u64 kind; };

FIXTURE_VARIANT_ADD(kind, timestamp) { .kind = KDBUS_ATTACH_TIMESTAMP };
FIXTURE_VARIANT_ADD(kind, creds) { .kind = KDBUS_ATTACH_CREDS };
FIXTURE_VARIANT_ADD(kind, pids) { .kind = KDBUS_ATTACH_PIDS };
FIXTURE_VARIANT_ADD(kind, auxgroups) { .kind = KDBUS_ATTACH_AUXGROUPS };
FIXTURE_VARIANT_ADD(kind, names) { .kind = KDBUS_ATTACH_NAMES };
FIXTURE_VARIANT_ADD(kind, tid_comm) { .kind = KDBUS_ATTACH_TID_COMM };
FIXTURE_VARIANT_ADD(kind, pid_comm) { .kind = KDBUS_ATTACH_PID_COMM };
FIXTURE_VARIANT_ADD(kind, exe) { .kind = KDBUS_ATTACH_EXE };
FIXTURE_VARIANT_ADD(kind, cmdline) { .kind = KDBUS_ATTACH_CMDLINE };
FIXTURE_VARIANT_ADD(kind, cgroup) { .kind = KDBUS_ATTACH_CGROUP };
FIXTURE_VARIANT_ADD(kind, caps) { .kind = KDBUS_ATTACH_CAPS };
FIXTURE_VARIANT_ADD(kind, seclabel) { .kind = KDBUS_ATTACH_SECLABEL };
FIXTURE_VARIANT_ADD(kind, audit) { .kind = KDBUS_ATTACH_AUDIT };
FIXTURE_VARIANT_ADD(kind, conn_description) { .kind = KDBUS_ATTACH_CONN_DESCRIPTION };

/* A sender with a name and a description, and with a mask of 0. */
FIXTURE_SETUP(kind)
{
	struct args args;

	ASSERT_EQ(0, bus_make(&self->bus));
	args_hello_default(&args);
	args.hello.attach_flags_send = 0;
	args_str(&args, KDBUS_ITEM_CONN_DESCRIPTION, "sender");
	ASSERT_EQ(0, conn_new_args(&self->a, self->bus.path, &args));
	ASSERT_EQ(0, name_acquire(&self->a, "org.example", 0, NULL));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
}

FIXTURE_TEARDOWN(kind)
{
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
}

/* abi: 18.2/one-kind, 5.2/attach */
TEST_F(kind, alone_is_the_only_item_of_the_receiver_that_asks_for_it)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, conn_update_send(&self->a, _KDBUS_ATTACH_ANY));
	msg = msg_with(&self->a, &self->b, variant->kind);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(variant->kind & kinds_here(), msg_kinds(msg));
}

/* abi: 18.2/implicit, 18.2/visible */
TEST_F(kind, is_given_if_implicit_or_visible_although_the_sender_gives_nothing)
{
	const struct kdbus_msg *msg = msg_with(&self->a, &self->b, variant->kind);

	ASSERT_NE(NULL, msg);
	EXPECT_EQ(variant->kind & kinds_here(), msg_kinds(msg));
}

/* abi: 18.2/implicit, 18.2/invisible */
TEST_F(kind, is_withheld_from_a_viewer_who_cannot_see_the_sender_unless_implicit)
{
	const struct kdbus_msg *msg;
	struct conn c;

	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_pid_namespace, NULL));
	msg = msg_with(&self->a, &c, variant->kind);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(variant->kind & KINDS_IMPLICIT, msg_kinds(msg));
	conn_close(&c);
}

/* abi: 18.2/sender-mask */
TEST_F(kind, is_given_to_a_viewer_who_cannot_see_the_sender_if_the_sender_gives_it)
{
	const struct kdbus_msg *msg;
	struct conn c;

	ASSERT_EQ(0, conn_update_send(&self->a, variant->kind));
	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_pid_namespace, NULL));
	msg = msg_with(&self->a, &c, _KDBUS_ATTACH_ANY);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ((variant->kind | KINDS_IMPLICIT) & kinds_here(), msg_kinds(msg));
	conn_close(&c);
}

/* abi: 9.1/mask */
TEST_F(kind, is_shown_by_conn_info_only_if_the_target_gives_it)
{
	const struct kdbus_info *info;

	ASSERT_EQ(0, conn_info(&self->b, self->a.id, NULL, variant->kind, &info));
	EXPECT_EQ(0, info_kinds(info));
	ASSERT_EQ(0, conn_update_send(&self->a, variant->kind));
	ASSERT_EQ(0, conn_info(&self->b, self->a.id, NULL, _KDBUS_ATTACH_ANY, &info));
	EXPECT_EQ(variant->kind & kinds_here() & ~KDBUS_ATTACH_TIMESTAMP, info_kinds(info));
}

/* abi: 18.2/update */
TEST_F(select, update_of_the_receivers_mask_takes_effect_with_the_next_message)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_PIDS));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_CREDS));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 2));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_PIDS, msg_kinds(msg));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_CREDS, msg_kinds(msg));
}

/* abi: 18.2/update */
TEST_F(select, update_of_the_senders_mask_takes_effect_with_the_next_message)
{
	const struct kdbus_msg *msg;
	struct conn c;

	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_pid_namespace, NULL));
	ASSERT_EQ(0, conn_update_send(&self->a, KDBUS_ATTACH_TID_COMM));
	ASSERT_EQ(0, send_plain(&self->a, c.id, 1));
	ASSERT_EQ(0, conn_update_send(&self->a, KDBUS_ATTACH_EXE));
	ASSERT_EQ(0, send_plain(&self->a, c.id, 2));
	msg = msg_next(&c);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_TID_COMM, msg_kinds(msg) & KINDS_PROC);
	msg = msg_next(&c);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_EXE, msg_kinds(msg) & KINDS_PROC);
	conn_close(&c);
}

/* abi: 18.2/monitor, 19.1/metadata */
TEST_F(select, monitor_gets_what_it_asked_for_itself)
{
	const struct kdbus_msg *msg;
	struct conn monitor;

	ASSERT_EQ(0, conn_new_flags(&monitor, &self->bus, KDBUS_HELLO_MONITOR));
	ASSERT_EQ(0, conn_update_recv(&monitor, KDBUS_ATTACH_CREDS | KDBUS_ATTACH_EXE));
	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_PIDS));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	msg = msg_next(&monitor);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_CREDS | KDBUS_ATTACH_EXE, msg_kinds(msg));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_PIDS, msg_kinds(msg));
	conn_close(&monitor);
}

/* abi: 18.2/notification */
TEST_F(select, notification_has_a_timestamp_only_whatever_was_asked_for)
{
	const struct kdbus_msg *msg;
	struct conn c;

	ASSERT_EQ(0, match_all(&self->a, 1));
	ASSERT_EQ(0, match_all(&self->b, 1));
	ASSERT_EQ(0, conn_update_recv(&self->a, 0));
	ASSERT_EQ(0, conn_update_recv(&self->b, _KDBUS_ATTACH_ANY));
	ASSERT_EQ(0, conn_new(&c, &self->bus));
	msg = msg_next(&self->a);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_SRC_ID_KERNEL, msg->src_id);
	EXPECT_EQ(KDBUS_ATTACH_TIMESTAMP, msg_kinds(msg));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_TIMESTAMP, msg_kinds(msg));
	conn_close(&c);
}

/* ---- hidepid ---- */

/* A bus whose receivers look at a /proc that hides the processes of others. */
FIXTURE(hidden) {
	struct bus bus;
	struct conn a;
};

FIXTURE_SETUP(hidden)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_EQ(0, mount("proc", "/proc", "proc", 0, "hidepid=2,gid=61100"));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_update_send(&self->a, 0));
}

FIXTURE_TEARDOWN(hidden)
{
	conn_close(&self->a);
	bus_close(&self->bus);
}

/* abi: 18.2/hidepid */
TEST_F(hidden, sender_shows_nothing_of_proc_to_others)
{
	const struct kdbus_msg *msg;
	struct conn c;

	ASSERT_EQ(0, conn_new_as(&c, &self->bus, ALICE, ALICE));
	ASSERT_EQ(0, conn_update_recv(&c, _KDBUS_ATTACH_ANY));
	msg = msg_from_child(&self->a, &c);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(0, msg_kinds(msg) & KINDS_PROC);
	EXPECT_EQ(KDBUS_ATTACH_CREDS | KDBUS_ATTACH_PIDS,
		  msg_kinds(msg) & (KDBUS_ATTACH_CREDS | KDBUS_ATTACH_PIDS));
	conn_close(&c);
}

/* abi: 18.2/hidepid-group */
TEST_F(hidden, sender_shows_all_to_the_exempt_group)
{
	const struct kdbus_msg *msg;
	struct conn c;

	ASSERT_EQ(0, conn_new_as(&c, &self->bus, ALICE, STAFF));
	ASSERT_EQ(0, conn_update_recv(&c, _KDBUS_ATTACH_ANY));
	msg = msg_from_child(&self->a, &c);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KINDS_PROC & kinds_here(), msg_kinds(msg) & KINDS_PROC);
	conn_close(&c);
}

/* abi: 18.2/hidepid-group */
TEST_F(hidden, exempt_is_the_egid_of_the_opener_and_not_of_the_hello_caller)
{
	const struct kdbus_msg *msg;
	struct conn c;
	struct args args;
	int fd;

	fd = open_as(ALICE, STAFF, self->bus.path);
	ASSERT_LE(0, fd);
	args_hello_default(&args);
	ASSERT_EQ(0, become(ALICE, ALICE));
	ASSERT_EQ(0, conn_hello(&c, fd, &args));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, conn_update_recv(&c, _KDBUS_ATTACH_ANY));
	msg = msg_from_child(&self->a, &c);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KINDS_PROC & kinds_here(), msg_kinds(msg) & KINDS_PROC);
	conn_close(&c);
}

/* abi: 18.2/hidepid-own */
TEST_F(hidden, sender_shows_all_to_the_connections_it_made_itself)
{
	const struct kdbus_msg *msg;
	struct conn c;

	ASSERT_EQ(0, conn_new_as(&c, &self->bus, ALICE, ALICE));
	msg = msg_with(&self->a, &c, _KDBUS_ATTACH_ANY);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KINDS_PROC & kinds_here(), msg_kinds(msg) & KINDS_PROC);
	conn_close(&c);
}

/* No /proc at all in the mount namespace of the receiver. */
static int enter_without_proc(void *arg)
{
	int ret = mount_namespace_unshare();

	if (ret)
		return ret;
	while (umount2("/proc", MNT_DETACH) == 0)
		;
	return *(uid_t *)arg ? drop_privileges(*(uid_t *)arg, *(uid_t *)arg) : 0;
}

/* abi: 18.2/hidepid */
TEST_F(select, viewer_without_proc_sees_as_little_as_one_with_the_strictest)
{
	const struct kdbus_msg *msg;
	uid_t user = ALICE;
	struct conn c;

	ASSERT_EQ(0, conn_update_send(&self->a, 0));
	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_without_proc, &user));
	ASSERT_EQ(0, send_plain(&self->a, c.id, 1));
	msg = msg_next(&c);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(0, msg_kinds(msg) & KINDS_PROC);
	conn_close(&c);

	/* whose exempt group is that of root; EXE: in the viewer's root only */
	user = 0;
	ASSERT_EQ(0, conn_new_elsewhere(&c, &self->bus, enter_without_proc, &user));
	ASSERT_EQ(0, send_plain(&self->a, c.id, 2));
	msg = msg_next(&c);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KINDS_PROC & kinds_here() & ~KDBUS_ATTACH_EXE, msg_kinds(msg) & KINDS_PROC);
	conn_close(&c);
}

/* ---- order and form ---- */

static const __u64 order[] = {
	KDBUS_ITEM_CREDS, KDBUS_ITEM_PIDS, KDBUS_ITEM_AUXGROUPS, KDBUS_ITEM_TID_COMM,
	KDBUS_ITEM_PID_COMM, KDBUS_ITEM_EXE, KDBUS_ITEM_CMDLINE, KDBUS_ITEM_CGROUP,
	KDBUS_ITEM_CAPS, KDBUS_ITEM_SECLABEL, KDBUS_ITEM_AUDIT, KDBUS_ITEM_OWNED_NAME,
	KDBUS_ITEM_CONN_DESCRIPTION, KDBUS_ITEM_TIMESTAMP,
};

/* Do these items have the types of order[] that are in @kinds, one of each? */
static bool in_order(const struct kdbus_item *item, const void *end, __u64 kinds)
{
	unsigned int i;

	for (i = 0; i < sizeof(order) / sizeof(*order); i++) {
		if (!(kinds & 1ULL << (order[i] - KDBUS_ITEM_TIMESTAMP)))
			continue;
		if ((const void *)item >= end || item->type != order[i])
			return false;
		item = ITEM_NEXT(item);
	}
	return (const void *)item >= end;
}

/* Are all bytes between the items zero? */
static bool padding_is_zero(const struct kdbus_item *item, const void *end)
{
	const __u8 *byte;

	for (; (const void *)item < end; item = ITEM_NEXT(item))
		for (byte = (const __u8 *)item + item->size;
		     byte < (const __u8 *)ITEM_NEXT(item); byte++)
			if (*byte)
				return false;
	return true;
}

/* abi: 18.3/order, 6.1/padding */
TEST_F(kind, items_stand_in_the_order_of_the_specification_padded_with_zeros)
{
	const struct kdbus_info *info;
	const struct kdbus_msg *msg;
	__u64 kinds;

	/* all but one, so that each gap is seen */
	kinds = kinds_here() & ~variant->kind;
	ASSERT_EQ(0, conn_update_send(&self->a, _KDBUS_ATTACH_ANY));
	msg = msg_with(&self->a, &self->b, kinds);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(kinds, msg_kinds(msg));
	EXPECT_TRUE(in_order(msg->items, (const __u8 *)msg + msg->size, kinds));
	EXPECT_TRUE(padding_is_zero(msg->items, (const __u8 *)msg + msg->size));

	kinds &= ~KDBUS_ATTACH_TIMESTAMP;
	ASSERT_EQ(0, conn_info(&self->b, self->a.id, NULL, kinds, &info));
	EXPECT_TRUE(in_order(info->items, (const __u8 *)info + info->size, kinds));
	EXPECT_TRUE(padding_is_zero(info->items, (const __u8 *)info + info->size));
}

/* ---- when ---- */

/* abi: 18.4/message */
TEST_F(select, message_tells_what_was_true_when_it_was_sent)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_CREDS | KDBUS_ATTACH_TID_COMM));
	ASSERT_EQ(0, prctl(PR_SET_NAME, "before"));
	ASSERT_EQ(0, become(ALICE, ALICE));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, prctl(PR_SET_NAME, "after"));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 2));

	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(ALICE, msg_item(msg, KDBUS_ITEM_CREDS)->creds.euid);
	EXPECT_TRUE(item_is_text(msg_item(msg, KDBUS_ITEM_TID_COMM), "before"));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(0, msg_item(msg, KDBUS_ITEM_CREDS)->creds.euid);
	EXPECT_TRUE(item_is_text(msg_item(msg, KDBUS_ITEM_TID_COMM), "after"));
}

/* abi: 18.4/message */
TEST_F(select, message_tells_of_the_sending_process_and_not_of_the_one_that_connected)
{
	const struct kdbus_msg *msg;
	pid_t pid = 0;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_PIDS));
	ASSERT_EQ(0, send_elsewhere(&self->a, self->b.id, 1, enter_nothing, NULL, &pid));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_NE(getpid(), pid);
	EXPECT_EQ(pid, msg_item(msg, KDBUS_ITEM_PIDS)->pids.pid);
}

/* abi: 18.4/broadcast */
TEST_F(select, receivers_of_a_broadcast_see_the_same_snapshot_and_timestamp)
{
	const struct kdbus_msg *one, *two;
	struct conn c;

	ASSERT_EQ(0, conn_new(&c, &self->bus));
	ASSERT_EQ(0, match_all(&self->b, 1));
	ASSERT_EQ(0, match_all(&c, 1));
	ASSERT_EQ(0, conn_update_recv(&self->b, _KDBUS_ATTACH_ANY));
	ASSERT_EQ(0, conn_update_recv(&c, _KDBUS_ATTACH_ANY));
	ASSERT_EQ(0, send_broadcast(&self->a, 1));
	one = msg_next(&self->b);
	two = msg_next(&c);
	ASSERT_NE(NULL, one);
	ASSERT_NE(NULL, two);
	EXPECT_NE(0, msg_kinds(one) & KDBUS_ATTACH_TIMESTAMP);
	EXPECT_NE(0, msg_kinds(one) & KDBUS_ATTACH_EXE);
	EXPECT_EQ(one->size, two->size);
	EXPECT_EQ(0, memcmp(one->items, two->items, one->size - sizeof(*one)));
	conn_close(&c);
}

/* abi: 18.4/names */
TEST_F(select, names_are_those_held_when_the_message_is_delivered)
{
	const struct kdbus_msg *msg;

	ASSERT_EQ(0, conn_update_recv(&self->b, KDBUS_ATTACH_NAMES));
	ASSERT_EQ(0, name_acquire(&self->a, "org.example", 0, NULL));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 1));
	ASSERT_EQ(0, name_release(&self->a, "org.example"));
	ASSERT_EQ(0, send_plain(&self->a, self->b.id, 2));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(KDBUS_ATTACH_NAMES, msg_kinds(msg));
	msg = msg_next(&self->b);
	ASSERT_NE(NULL, msg);
	EXPECT_EQ(0, msg_kinds(msg));
}

TEST_HARNESS_MAIN
