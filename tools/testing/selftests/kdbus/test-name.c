// SPDX-License-Identifier: LGPL-2.1-or-later
/* Well-known names: validity, acquiring, queueing, replacing, releasing. */
#include "common.h"
#include "kselftest_harness.h"

#define NAME "com.example.Name"

FIXTURE(name) {
	struct bus bus;
	struct conn a;
	struct conn b;
	struct conn c;
	__u64 flags;
};

FIXTURE_SETUP(name)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
	ASSERT_EQ(0, conn_new(&self->c, &self->bus));
}

FIXTURE_TEARDOWN(name)
{
	conn_close(&self->c);
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
}

/* Cookie that arrives at this connection when one sends to the name, or -errno. */
static int owns(struct conn *from, struct conn *owner, const char *name)
{
	int ret = send_name(from, name, 77);

	return ret ? ret : (int)recv_cookie(owner);
}

/* abi: 14.1/valid */
TEST_F(name, valid_names_are_taken)
{
	static const char * const names[] = {
		"a.b", "A.Z", "_._", "-.-", "a-b.c-d", "com.example.Name", "a1.b2", "a._1",
		"a.b.c.d.e.f.g.h.i.j", "_1.a", "a.-1",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(0, name_acquire(&self->a, names[i], 0, NULL)) {
			TH_LOG("\"%s\"", names[i]);
		}
	}
}

/* abi: 14.1/invalid, 14.1/no-wildcard, 21/H11 */
TEST_F(name, invalid_names_are_einval)
{
	static const char * const names[] = {
		"", "a", "com", ".", "..", "a.", ".a", "a..b", ".a.b", "a.b.", "1a.b", "a.1b",
		"a.b.2", "a b.c", "a.b c", "a/b.c", "a.b:c", ":1.2", "a.b\n", "a.*", "a.b.*", "*",
		"*.a", "a.b*", "\xe4.b", "a.\xc0", "a.b\x7f", "a.b@c", "a.b+c", "a.b\\c",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(-EINVAL, name_acquire(&self->a, names[i], 0, NULL)) {
			TH_LOG("\"%s\"", names[i]);
		}
	}
}

/* abi: 14.1/length, 5.4/well-known-length */
TEST_F(name, length_is_up_to_255)
{
	char name[300];

	memset(name, 'x', sizeof(name));
	name[1] = '.';
	name[255] = 0;
	EXPECT_EQ(0, name_acquire(&self->a, name, 0, NULL));
	EXPECT_EQ(77, owns(&self->b, &self->a, name));
	name[255] = 'x';
	name[256] = 0;
	EXPECT_EQ(-EINVAL, name_acquire(&self->a, name, 0, NULL));
}

/* abi: 14.3/flags */
TEST_F(name, output_flags_as_input_are_ignored)
{
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0x78, &self->flags));
	EXPECT_EQ(KDBUS_NAME_PRIMARY | KDBUS_NAME_ACQUIRED, self->flags);
}

/* abi: 21/H7 */
TEST_F(name, returned_flags_may_be_passed_back)
{
	EXPECT_EQ(0, name_acquire(&self->a, NAME, KDBUS_NAME_ALLOW_REPLACEMENT, &self->flags));
	EXPECT_EQ(0x62ULL, self->flags);
	EXPECT_EQ(0, name_acquire(&self->a, NAME, self->flags, &self->flags));
	EXPECT_EQ(0x22ULL, self->flags);
}

/* abi: 14.3/no-primary, 23.2/1 */
TEST_F(name, free_name_is_acquired)
{
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, &self->flags));
	EXPECT_EQ(0x60ULL, self->flags);
	EXPECT_EQ(77, owns(&self->b, &self->a, NAME));
}

/* abi: 14.3/is-primary, 23.2/2 */
TEST_F(name, owner_asking_again_is_told_so_and_updates_its_flags)
{
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, &self->flags));
	EXPECT_EQ(0x20ULL, self->flags);
	EXPECT_EQ(0, name_acquire(&self->a, NAME, KDBUS_NAME_ALLOW_REPLACEMENT, &self->flags));
	EXPECT_EQ(0x22ULL, self->flags);
	EXPECT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_REPLACE_EXISTING, &self->flags));
	EXPECT_EQ(0x60ULL, self->flags);
}

/* abi: 14.3/otherwise, 23.2/5 */
TEST_F(name, taken_name_is_eexist)
{
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(-EEXIST, name_acquire(&self->b, NAME, 0, NULL));
	EXPECT_EQ(-EEXIST, name_acquire(&self->b, NAME, KDBUS_NAME_REPLACE_EXISTING, NULL));
	EXPECT_EQ(-EEXIST, name_acquire(&self->b, NAME, KDBUS_NAME_ALLOW_REPLACEMENT, NULL));
	EXPECT_EQ(77, owns(&self->b, &self->a, NAME));
}

/* abi: 14.3/replace */
TEST_F(name, replacement_needs_the_consent_of_both)
{
	ASSERT_EQ(0, name_acquire(&self->a, NAME, KDBUS_NAME_ALLOW_REPLACEMENT, NULL));
	EXPECT_EQ(-EEXIST, name_acquire(&self->b, NAME, 0, NULL));
	EXPECT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_REPLACE_EXISTING, &self->flags));
	EXPECT_EQ(0x60ULL, self->flags);
	EXPECT_EQ(77, owns(&self->c, &self->b, NAME));
	/* the old owner has nothing left */
	EXPECT_EQ(-EADDRINUSE, name_release(&self->a, NAME));
	ASSERT_EQ(0, name_release(&self->b, NAME));
	EXPECT_EQ(-ESRCH, send_name(&self->c, NAME, 1));
}

/* abi: 14.3/replace-queued */
TEST_F(name, replaced_owner_that_queues_is_second)
{
	ASSERT_EQ(0, name_acquire(&self->a, NAME,
				  KDBUS_NAME_ALLOW_REPLACEMENT | KDBUS_NAME_QUEUE, &self->flags));
	EXPECT_EQ(0x66ULL, self->flags);
	ASSERT_EQ(0, name_acquire(&self->c, NAME, KDBUS_NAME_QUEUE, NULL));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_REPLACE_EXISTING, NULL));
	EXPECT_EQ(77, owns(&self->c, &self->b, NAME));
	/* it is the new owner's consent that counts now */
	EXPECT_EQ(0, name_acquire(&self->b, NAME, 0, &self->flags));
	EXPECT_EQ(0x20ULL, self->flags);
	EXPECT_EQ(0, name_acquire(&self->c, NAME,
				  KDBUS_NAME_QUEUE | KDBUS_NAME_REPLACE_EXISTING, &self->flags));
	EXPECT_EQ(0x0cULL, self->flags);
	/* before those who waited */
	ASSERT_EQ(0, name_release(&self->b, NAME));
	EXPECT_EQ(77, owns(&self->c, &self->a, NAME));
	ASSERT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(77, owns(&self->a, &self->c, NAME));
}

/* abi: 14.3/queue, 23.2/3, 23.2/4 */
TEST_F(name, queue_flag_waits_in_order)
{
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_QUEUE, &self->flags));
	EXPECT_EQ(0x4cULL, self->flags);
	EXPECT_EQ(0, name_acquire(&self->c, NAME, KDBUS_NAME_QUEUE, NULL));
	/* again: keeps its place */
	EXPECT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_QUEUE, &self->flags));
	EXPECT_EQ(0x0cULL, self->flags);
	ASSERT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(77, owns(&self->a, &self->b, NAME));
	ASSERT_EQ(0, name_release(&self->b, NAME));
	EXPECT_EQ(77, owns(&self->a, &self->c, NAME));
}

/* abi: 14.3/replace, 14.3/queue (order) */
TEST_F(name, replacing_comes_before_queueing)
{
	ASSERT_EQ(0, name_acquire(&self->a, NAME, KDBUS_NAME_ALLOW_REPLACEMENT, NULL));
	EXPECT_EQ(0, name_acquire(&self->b, NAME,
				  KDBUS_NAME_REPLACE_EXISTING | KDBUS_NAME_QUEUE, &self->flags));
	EXPECT_EQ(0x64ULL, self->flags);
	EXPECT_EQ(77, owns(&self->c, &self->b, NAME));
}

/* abi: 14.3/replace */
TEST_F(name, queued_one_may_replace_the_owner)
{
	ASSERT_EQ(0, name_acquire(&self->a, NAME, KDBUS_NAME_ALLOW_REPLACEMENT, NULL));
	ASSERT_EQ(0, name_acquire(&self->c, NAME, KDBUS_NAME_QUEUE, NULL));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_QUEUE, NULL));
	EXPECT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_REPLACE_EXISTING, &self->flags));
	EXPECT_EQ(0x60ULL, self->flags);
	EXPECT_EQ(77, owns(&self->a, &self->b, NAME));
	/* and stands there once */
	ASSERT_EQ(0, name_release(&self->b, NAME));
	EXPECT_EQ(77, owns(&self->a, &self->c, NAME));
	EXPECT_EQ(-EADDRINUSE, name_release(&self->b, NAME));
}

/* abi: 14.3/unqueue */
TEST_F(name, queued_one_that_does_not_want_to_wait_leaves_the_queue)
{
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_QUEUE, NULL));
	EXPECT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_ALLOW_REPLACEMENT, &self->flags));
	EXPECT_EQ(KDBUS_NAME_ALLOW_REPLACEMENT, self->flags);
	EXPECT_EQ(-EADDRINUSE, name_release(&self->b, NAME));
	ASSERT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(-ESRCH, send_name(&self->c, NAME, 1));
}

/* abi: 14.3/saved */
TEST_F(name, flags_of_the_last_call_count_while_queued)
{
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_QUEUE, NULL));
	EXPECT_EQ(0, name_acquire(&self->b, NAME,
				  KDBUS_NAME_QUEUE | KDBUS_NAME_ALLOW_REPLACEMENT, &self->flags));
	EXPECT_EQ(0x0eULL, self->flags);
	ASSERT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(0, name_acquire(&self->c, NAME, KDBUS_NAME_REPLACE_EXISTING, NULL));
	EXPECT_EQ(77, owns(&self->a, &self->c, NAME));
}

/* abi: 14.4/unknown */
TEST_F(name, release_of_a_name_that_nobody_has_is_esrch)
{
	EXPECT_EQ(-ESRCH, name_release(&self->a, NAME));
	/* not even a name */
	EXPECT_EQ(-ESRCH, name_release(&self->a, "no name at all"));
	EXPECT_EQ(-ESRCH, name_release(&self->a, ""));
}

/* abi: 14.4/of-others */
TEST_F(name, release_of_a_name_of_others_is_eaddrinuse)
{
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(-EADDRINUSE, name_release(&self->b, NAME));
	EXPECT_EQ(77, owns(&self->b, &self->a, NAME));
}

/* abi: 14.4/removed */
TEST_F(name, release_frees_the_name)
{
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(-ESRCH, name_release(&self->a, NAME));
	EXPECT_EQ(0, name_acquire(&self->b, NAME, 0, &self->flags));
	EXPECT_EQ(0x60ULL, self->flags);
}

/* abi: 14.4/leave-queue, 14.5/silent */
TEST_F(name, release_leaves_the_queue)
{
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_QUEUE, NULL));
	ASSERT_EQ(0, name_acquire(&self->c, NAME, KDBUS_NAME_QUEUE, NULL));
	EXPECT_EQ(0, name_release(&self->b, NAME));
	ASSERT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(77, owns(&self->a, &self->c, NAME));
}

/* abi: 14.5/next-queued, 19.5/4 */
TEST_F(name, close_of_the_owner_passes_the_name_on)
{
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_QUEUE, NULL));
	conn_close(&self->a);
	EXPECT_EQ(77, owns(&self->c, &self->b, NAME));
}

/* abi: 14.5/remove, 19.5/4 */
TEST_F(name, close_of_a_queued_one_takes_it_out)
{
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_QUEUE, NULL));
	conn_close(&self->b);
	ASSERT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(-ESRCH, send_name(&self->c, NAME, 1));
}

/* abi: 5.4/names, 14.3/e2big */
TEST_F(name, name_257_of_a_connection_is_e2big)
{
	char name[64];
	int i;

	/* owned and queued ones count alike */
	for (i = 0; i < 128; i++) {
		snprintf(name, sizeof(name), NAME ".N%d", i);
		ASSERT_EQ(0, name_acquire(&self->a, name, 0, NULL));
		snprintf(name, sizeof(name), NAME ".Q%d", i);
		ASSERT_EQ(0, name_acquire(&self->b, name, 0, NULL));
		ASSERT_EQ(0, name_acquire(&self->a, name, KDBUS_NAME_QUEUE, NULL));
	}
	EXPECT_EQ(-E2BIG, name_acquire(&self->a, NAME, 0, NULL));
	/* not when it has the name already */
	EXPECT_EQ(0, name_acquire(&self->a, NAME ".N5", 0, NULL));
	EXPECT_EQ(0, name_acquire(&self->a, NAME ".Q5", KDBUS_NAME_QUEUE, NULL));
	/* and before it is looked at who has it */
	ASSERT_EQ(0, name_acquire(&self->c, NAME, 0, NULL));
	EXPECT_EQ(-E2BIG, name_acquire(&self->a, NAME, 0, NULL));
	ASSERT_EQ(0, name_release(&self->c, NAME));
	ASSERT_EQ(0, name_release(&self->a, NAME ".Q5"));
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
}

/* abi: 14.3/eperm, 15.4/own-policy, 15.5/name-acquire */
TEST_F(name, stranger_may_not_own_without_policy)
{
	struct conn stranger;

	ASSERT_EQ(0, conn_new_as(&stranger, &self->bus, ALICE, STAFF));
	EXPECT_EQ(-EPERM, name_acquire(&stranger, NAME, 0, NULL));
	/* invalid names first, taken ones later */
	EXPECT_EQ(-EINVAL, name_acquire(&stranger, "single", 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(-EPERM, name_acquire(&stranger, NAME, 0, NULL));
	EXPECT_EQ(-EADDRINUSE, name_release(&stranger, NAME));
	conn_close(&stranger);
}

/* abi: 14.3/eperm */
TEST_F(name, owner_that_lost_the_right_to_own_may_not_ask_again)
{
	struct conn holder, alice;
	struct args args;

	args_hello_default(&args);
	args.hello.flags = KDBUS_HELLO_POLICY_HOLDER;
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_policy(&args, KDBUS_POLICY_ACCESS_USER, KDBUS_POLICY_OWN, ALICE);
	ASSERT_EQ(0, conn_new_args(&holder, self->bus.path, &args));
	ASSERT_EQ(0, conn_new_as(&alice, &self->bus, ALICE, STAFF));
	/* the right is that of the caller */
	EXPECT_EQ(-EPERM, name_acquire(&alice, NAME, 0, NULL));
	ASSERT_EQ(0, become(ALICE, STAFF));
	EXPECT_EQ(0, name_acquire(&alice, NAME, 0, NULL));
	ASSERT_EQ(0, become_root());
	conn_close(&holder);
	ASSERT_EQ(0, become(ALICE, STAFF));
	EXPECT_EQ(-EPERM, name_acquire(&alice, NAME, 0, NULL));
	ASSERT_EQ(0, become_root());
	EXPECT_EQ(77, owns(&self->a, &alice, NAME));
	conn_close(&alice);
}

/* abi: 14.2/per-bus */
TEST_F(name, names_belong_to_a_bus)
{
	struct conn there;
	struct bus other;

	ASSERT_EQ(0, bus_make(&other));
	ASSERT_EQ(0, conn_new(&there, &other));
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, name_acquire(&there, NAME, 0, &self->flags));
	EXPECT_EQ(0x60ULL, self->flags);
	conn_close(&there);
	bus_close(&other);
}

/*
 * Take the next message, which is to be this notification; 0 or -errno.
 * Flags that do not matter in the row of the table are given as they are there.
 */
static int notice(struct conn *conn, __u64 type, __u64 old_id, __u64 old_flags, __u64 new_id,
		  __u64 new_flags)
{
	const struct kdbus_msg *msg = msg_next(conn);
	const struct kdbus_item *item;
	int ret = 0;

	if (!msg)
		return -errno;
	item = msg_item(msg, type);
	if (!item || item->name_change.old_id.id != old_id ||
	    item->name_change.old_id.flags != old_flags ||
	    item->name_change.new_id.id != new_id ||
	    item->name_change.new_id.flags != new_flags ||
	    strcmp(item->name_change.name, NAME) ||
	    item->size != ITEM_HEADER + 32 + strlen(NAME) + 1)
		ret = -EPROTO;
	msg_done(conn, msg);
	return ret;
}

/* abi: 23.2/notifications, 23.2/6, 23.2/7, 23.2/8, 23.2/9, 23.2/10, 23.2/11 */
/* abi: 14.3/notify, 14.5/notify, 14.6/flags */
TEST_F(name, worked_example)
{
	struct conn watch, v;
	struct args match;

	ASSERT_EQ(0, conn_new(&watch, &self->bus));
	args_match(&match, 1);
	args_name_change(&match, KDBUS_ITEM_NAME_ADD, ~0ULL, ~0ULL, NULL);
	ASSERT_EQ(0, match_add(&watch, &match));
	args_match(&match, 1);
	args_name_change(&match, KDBUS_ITEM_NAME_REMOVE, ~0ULL, ~0ULL, NULL);
	ASSERT_EQ(0, match_add(&watch, &match));
	args_match(&match, 1);
	args_name_change(&match, KDBUS_ITEM_NAME_CHANGE, ~0ULL, ~0ULL, NULL);
	ASSERT_EQ(0, match_add(&watch, &match));

	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, notice(&watch, KDBUS_ITEM_NAME_ADD, 0, 0, self->a.id, 0x20));
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_QUEUE, NULL));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_QUEUE, NULL));
	ASSERT_EQ(-EEXIST, name_acquire(&self->c, NAME, 0, NULL));
	EXPECT_EQ(-EAGAIN, recv_cookie(&watch));
	ASSERT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(0, notice(&watch, KDBUS_ITEM_NAME_CHANGE, self->a.id, 0x20, self->b.id, 0x24));
	ASSERT_EQ(0, name_release(&self->b, NAME));
	EXPECT_EQ(0, notice(&watch, KDBUS_ITEM_NAME_REMOVE, self->b.id, 0x24, 0, 0));

	ASSERT_EQ(0, conn_new_named(&v, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	EXPECT_EQ(0, notice(&watch, KDBUS_ITEM_NAME_ADD, 0, 0, v.id, 0x30));
	ASSERT_EQ(0, name_acquire(&self->a, NAME, KDBUS_NAME_ALLOW_REPLACEMENT, &self->flags));
	EXPECT_EQ(0x62ULL, self->flags);
	EXPECT_EQ(0, notice(&watch, KDBUS_ITEM_NAME_CHANGE, v.id, 0x30, self->a.id, 0x22));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_REPLACE_EXISTING, &self->flags));
	EXPECT_EQ(0x60ULL, self->flags);
	EXPECT_EQ(0, notice(&watch, KDBUS_ITEM_NAME_CHANGE, self->a.id, 0x22, self->b.id, 0x20));
	EXPECT_EQ(-EADDRINUSE, name_release(&self->a, NAME));
	conn_close(&self->b);
	EXPECT_EQ(0, notice(&watch, KDBUS_ITEM_NAME_CHANGE, self->b.id, 0x20, v.id, 0x30));
	EXPECT_EQ(-EAGAIN, recv_cookie(&watch));
	conn_close(&v);
	conn_close(&watch);
}

TEST_HARNESS_MAIN
