// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which signals and notifications a connection gets: entries and their rules. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.match"
#define OTHER_NAME	"org.example.other"
#define MANY		256
#define CROWD		40	/* more than are simply compared */

FIXTURE_BUS(match)

static int add_id(struct conn *conn, __u64 cookie, __u64 type, __u64 id)
{
	struct args args;

	args_match(&args, cookie);
	args_u64(&args, type, id);
	return match_add(conn, &args);
}

static int add_name(struct conn *conn, __u64 cookie, const char *name)
{
	struct args args;

	args_match(&args, cookie);
	args_str(&args, KDBUS_ITEM_NAME, name);
	return match_add(conn, &args);
}

static int add_mask(struct conn *conn, __u64 cookie, size_t size)
{
	struct args args;

	args_match(&args, cookie);
	args_item(&args, KDBUS_ITEM_BLOOM_MASK, NULL, size);
	return match_add(conn, &args);
}

static int add_id_change(struct conn *conn, __u64 cookie, __u64 type, __u64 id)
{
	struct args args;

	args_match(&args, cookie);
	args_id_change(&args, type, id);
	return match_add(conn, &args);
}

static int add_name_change(struct conn *conn, __u64 cookie, __u64 type, __u64 old_id,
			   __u64 new_id, const char *name)
{
	struct args args;

	args_match(&args, cookie);
	args_name_change(&args, type, old_id, new_id, name);
	return match_add(conn, &args);
}

/* abi: 16.1/no-entry */
TEST_F(match, without_entries_no_signal_is_delivered)
{
	EXPECT_EQ(0, send_broadcast(&self->a, 1));
	EXPECT_EQ(0, send_signal(&self->a, self->b.id, 2));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 16.1/entry-without-rules */
TEST_F(match, entry_without_rules_passes_signals_of_users_and_kernel)
{
	struct conn c;

	ASSERT_EQ(0, match_all(&self->b, 1));
	EXPECT_EQ(0, send_broadcast(&self->a, 11));
	EXPECT_EQ(11, recv_cookie(&self->b));
	EXPECT_EQ(0, send_signal(&self->a, self->b.id, 12));
	EXPECT_EQ(12, recv_cookie(&self->b));
	ASSERT_EQ(0, conn_new(&c, &self->bus));
	EXPECT_EQ(0, expect_id(&self->b, KDBUS_ITEM_ID_ADD, c.id, KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(0, name_acquire(&c, NAME, 0, NULL));
	EXPECT_EQ(0, expect_name(&self->b, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, c.id, OWNED));
	conn_close(&c);
}

/* abi: 16.1/any-entry */
TEST_F(match, any_satisfied_entry_passes_the_signal_once)
{
	ASSERT_EQ(0, add_id(&self->b, 1, KDBUS_ITEM_ID, self->b.id));
	ASSERT_EQ(0, add_id(&self->b, 2, KDBUS_ITEM_ID, self->a.id));
	ASSERT_EQ(0, match_all(&self->b, 3));
	EXPECT_EQ(0, send_broadcast(&self->a, 11));
	EXPECT_EQ(11, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 16.1/all-rules */
TEST_F(match, every_rule_of_an_entry_has_to_hold)
{
	struct args args;

	args_match(&args, 1);
	args_u64(&args, KDBUS_ITEM_ID, self->a.id);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_u64(&args, KDBUS_ITEM_DST_ID, self->b.id);
	args_item(&args, KDBUS_ITEM_BLOOM_MASK, NULL, BLOOM_SIZE);
	ASSERT_EQ(0, match_add(&self->b, &args));
	EXPECT_EQ(0, send_signal(&self->a, self->b.id, 11));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, send_broadcast(&self->a, 12));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(0, send_signal(&self->b, self->b.id, 13));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(0, send_signal(&self->a, self->b.id, 14));
	EXPECT_EQ(14, recv_cookie(&self->b));
}

/* abi: 16.1/all-rules */
TEST_F(match, rules_of_the_same_type_have_to_hold_together)
{
	struct args args;

	args_match(&args, 1);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_str(&args, KDBUS_ITEM_NAME, OTHER_NAME);
	ASSERT_EQ(0, match_add(&self->b, &args));
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, send_broadcast(&self->a, 11));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(0, name_acquire(&self->a, OTHER_NAME, 0, NULL));
	EXPECT_EQ(0, send_broadcast(&self->a, 12));
	EXPECT_EQ(12, recv_cookie(&self->b));
}

/* abi: 16.1/only-signals */
TEST_F(match, plain_unicast_needs_no_entry)
{
	ASSERT_EQ(0, add_id(&self->b, 1, KDBUS_ITEM_ID, self->b.id));
	EXPECT_EQ(0, send_plain(&self->a, self->b.id, 11));
	EXPECT_EQ(11, recv_cookie(&self->b));
}

/* abi: 16.1/unicast-signal */
TEST_F(match, unicast_signal_is_matched_and_dropped_silently)
{
	ASSERT_EQ(0, add_id(&self->b, 1, KDBUS_ITEM_ID, self->b.id));
	EXPECT_EQ(0, send_signal(&self->a, self->b.id, 11));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	ASSERT_EQ(0, add_id(&self->b, 2, KDBUS_ITEM_ID, self->a.id));
	EXPECT_EQ(0, send_signal(&self->a, self->b.id, 12));
	EXPECT_EQ(12, recv_cookie(&self->b));
}

/* abi: 16.1/cookies-not-unique, 16.3/removes-all */
TEST_F(match, entries_with_one_cookie_add_up_and_are_removed_together)
{
	ASSERT_EQ(0, add_id(&self->b, 7, KDBUS_ITEM_ID, self->a.id));
	ASSERT_EQ(0, add_id(&self->b, 7, KDBUS_ITEM_ID, self->b.id));
	ASSERT_EQ(0, add_id_change(&self->b, 7, KDBUS_ITEM_ID_ADD, KDBUS_MATCH_ID_ANY));
	EXPECT_EQ(0, send_broadcast(&self->a, 11));
	EXPECT_EQ(11, recv_cookie(&self->b));
	EXPECT_EQ(0, send_broadcast(&self->b, 12));
	EXPECT_EQ(12, recv_cookie(&self->b));
	EXPECT_EQ(0, match_remove(&self->b, 7));
	EXPECT_EQ(0, send_broadcast(&self->a, 13));
	EXPECT_EQ(0, send_broadcast(&self->b, 14));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 16.3/removes-all */
TEST_F(match, removal_leaves_entries_with_other_cookies)
{
	ASSERT_EQ(0, match_all(&self->b, 7));
	ASSERT_EQ(0, match_all(&self->b, 8));
	EXPECT_EQ(0, match_remove(&self->b, 7));
	EXPECT_EQ(0, send_broadcast(&self->a, 11));
	EXPECT_EQ(11, recv_cookie(&self->b));
}

/* abi: 16.3/unknown */
TEST_F(match, removal_of_an_unknown_cookie_is_refused_with_ebadslt)
{
	EXPECT_EQ(-EBADSLT, match_remove(&self->b, 0));
	ASSERT_EQ(0, match_all(&self->b, 7));
	EXPECT_EQ(-EBADSLT, match_remove(&self->b, 8));
	EXPECT_EQ(-EBADSLT, match_remove(&self->a, 7));
	EXPECT_EQ(0, match_remove(&self->b, 7));
	EXPECT_EQ(-EBADSLT, match_remove(&self->b, 7));
}

/* abi: 16.2/mask-size */
TEST_F(match, mask_of_no_multiple_of_the_bloom_size_is_refused_with_edom)
{
	static const size_t sizes[] = {
		0, 1, 8, BLOOM_SIZE - 8, BLOOM_SIZE + 8, BLOOM_SIZE + 1, 2 * BLOOM_SIZE - 1,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		EXPECT_EQ(-EDOM, add_mask(&self->b, 1, sizes[i])) {
			TH_LOG("mask of %zu bytes", sizes[i]);
		}
	}
	EXPECT_EQ(0, add_mask(&self->b, 1, BLOOM_SIZE));
	EXPECT_EQ(0, add_mask(&self->b, 1, 2 * BLOOM_SIZE));
	EXPECT_EQ(0, add_mask(&self->b, 1, 100 * BLOOM_SIZE));
}

/* abi: 16.2/name */
TEST_F(match, bad_name_in_a_name_rule_is_refused_with_einval)
{
	static const char * const names[] = {
		"", "single", ".a.b", "a.b.", "a..b", "a.1b", "a.b.*", "a.b c", "a.b/c",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(-EINVAL, add_name(&self->b, 1, names[i])) {
			TH_LOG("name '%s'", names[i]);
		}
	}
	EXPECT_EQ(-EBADSLT, match_remove(&self->b, 1));
}

/* abi: 16.2/name-change-unchecked */
TEST_F(match, names_in_name_change_rules_are_not_checked)
{
	EXPECT_EQ(0, add_name_change(&self->b, 1, KDBUS_ITEM_NAME_ADD, ~0ULL, ~0ULL, "single"));
	EXPECT_EQ(0, add_name_change(&self->b, 1, KDBUS_ITEM_NAME_ADD, ~0ULL, ~0ULL, ""));
}

/* abi: 16.2/rule-order */
TEST_F(match, rules_are_checked_in_item_order)
{
	struct args args;

	args_match(&args, 1);
	args_item(&args, KDBUS_ITEM_BLOOM_MASK, NULL, 8);
	args_str(&args, KDBUS_ITEM_NAME, "bad");
	EXPECT_EQ(-EDOM, match_add(&self->b, &args));
	args_match(&args, 1);
	args_str(&args, KDBUS_ITEM_NAME, "bad");
	args_item(&args, KDBUS_ITEM_BLOOM_MASK, NULL, 8);
	EXPECT_EQ(-EINVAL, match_add(&self->b, &args));
}

static int add_replacing(struct conn *conn, __u64 cookie, __u64 id)
{
	struct args args;

	args_match(&args, cookie);
	args.match.flags = KDBUS_MATCH_REPLACE;
	args_u64(&args, KDBUS_ITEM_ID, id);
	return match_add(conn, &args);
}

/* abi: 16.2/replace, 5.3/match */
TEST_F(match, replace_removes_all_entries_with_the_cookie_first)
{
	ASSERT_EQ(0, match_all(&self->b, 7));
	ASSERT_EQ(0, add_id(&self->b, 7, KDBUS_ITEM_ID, self->a.id));
	ASSERT_EQ(0, add_replacing(&self->b, 7, self->b.id));
	EXPECT_EQ(0, send_broadcast(&self->a, 11));
	EXPECT_EQ(0, send_broadcast(&self->b, 12));
	EXPECT_EQ(12, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 16.2/replace */
TEST_F(match, replace_of_an_unknown_cookie_adds)
{
	ASSERT_EQ(0, match_all(&self->b, 7));
	ASSERT_EQ(0, add_replacing(&self->b, 8, self->a.id));
	EXPECT_EQ(0, match_remove(&self->b, 7));
	EXPECT_EQ(0, send_broadcast(&self->a, 11));
	EXPECT_EQ(11, recv_cookie(&self->b));
}

/* abi: 16.2/replace */
TEST_F(match, refused_replace_leaves_the_old_entries)
{
	struct args args;

	ASSERT_EQ(0, match_all(&self->b, 7));
	args_match(&args, 7);
	args.match.flags = KDBUS_MATCH_REPLACE;
	args_item(&args, KDBUS_ITEM_BLOOM_MASK, NULL, 8);
	EXPECT_EQ(-EDOM, match_add(&self->b, &args));
	EXPECT_EQ(0, send_broadcast(&self->a, 11));
	EXPECT_EQ(11, recv_cookie(&self->b));
}

/* abi: 16.2/too-many, 5.4/matches */
TEST_F(match, entry_256_is_the_last_and_the_next_is_refused_with_emfile)
{
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		ASSERT_EQ(0, add_id(&self->b, i, KDBUS_ITEM_ID, self->b.id));
	}
	EXPECT_EQ(-EMFILE, match_all(&self->b, 1000));
	EXPECT_EQ(-EMFILE, add_replacing(&self->b, 1000, self->a.id));
	EXPECT_EQ(0, add_replacing(&self->b, MANY - 1, self->a.id));
	EXPECT_EQ(0, send_broadcast(&self->a, 11));
	EXPECT_EQ(11, recv_cookie(&self->b));
	EXPECT_EQ(0, match_remove(&self->b, 0));
	EXPECT_EQ(0, match_all(&self->b, 1000));
	EXPECT_EQ(0, match_all(&self->a, 1));
}

/* Entries for bits that no signal here has: the search for others is remembered. */
static int add_crowd(struct conn *conn)
{
	__u64 mask[BLOOM_SIZE / sizeof(__u64)] = { 0 };
	struct args args;
	int ret = 0;

	for (int i = 0; i < CROWD && !ret; i++) {
		mask[0] = 1ULL << i;
		args_match(&args, 1);
		args_item(&args, KDBUS_ITEM_BLOOM_MASK, mask, sizeof(mask));
		ret = match_add(conn, &args);
	}
	return ret;
}

/* The same signal twice: found, and found again. */
#define EXPECT_HEARS(expected, conn)						\
	for (int again = 0; again < 2; again++) {				\
		EXPECT_EQ(0, send_broadcast(&self->a, 11));			\
		EXPECT_EQ((expected) ? 11 : -EAGAIN, recv_cookie(conn));	\
	}

TEST_F(match, same_signal_among_many_entries_finds_who_wants_it_now)
{
	struct conn crowd, c;

	ASSERT_EQ(0, conn_new(&crowd, &self->bus));
	ASSERT_EQ(0, add_crowd(&crowd));
	EXPECT_HEARS(false, &self->b);
	ASSERT_EQ(0, match_all(&self->b, 1));
	EXPECT_HEARS(true, &self->b);
	EXPECT_EQ(0, match_remove(&self->b, 1));
	EXPECT_HEARS(false, &self->b);
	for (int i = 0; i < 3; i++) {
		ASSERT_EQ(0, conn_new(&c, &self->bus));
		ASSERT_EQ(0, match_all(&c, 1));
		EXPECT_HEARS(true, &c);
		conn_close(&c);
	}
	EXPECT_HEARS(false, &self->b);
	EXPECT_EQ(-EAGAIN, recv_cookie(&crowd));
	conn_close(&crowd);
}

TEST_F(match, same_signal_among_many_entries_finds_who_wants_its_sender)
{
	struct conn crowd;

	ASSERT_EQ(0, conn_new(&crowd, &self->bus));
	ASSERT_EQ(0, add_crowd(&crowd));
	ASSERT_EQ(0, add_name(&self->b, 1, NAME));
	EXPECT_HEARS(false, &self->b);
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_HEARS(true, &self->b);
	EXPECT_EQ(0, name_release(&self->a, NAME));
	EXPECT_HEARS(false, &self->b);
	conn_close(&crowd);
}

/* abi: 16.2/negotiate, 21/H8 */
TEST_F(match, negotiate_item_makes_no_rule)
{
	__u64 types[] = { KDBUS_ITEM_ID, KDBUS_ITEM_FDS };
	struct kdbus_item *item;
	struct args args;

	args_match(&args, 7);
	item = args_item(&args, KDBUS_ITEM_NEGOTIATE, types, sizeof(types));
	ASSERT_EQ(0, match_add(&self->b, &args));
	EXPECT_EQ(KDBUS_ITEM_ID, item->data64[0]);
	EXPECT_EQ(0, item->data64[1]);
	EXPECT_EQ(0, send_broadcast(&self->a, 11));
	EXPECT_EQ(11, recv_cookie(&self->b));
	EXPECT_EQ(0, match_remove(&self->b, 7));
}

/* abi: 16.2/kind */
TEST_F(match, special_connections_may_not_add_or_remove_entries)
{
	static const __u64 kinds[] = {
		KDBUS_HELLO_ACTIVATOR, KDBUS_HELLO_POLICY_HOLDER, KDBUS_HELLO_MONITOR,
	};
	struct conn c;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_EQ(0, kinds[i] == KDBUS_HELLO_MONITOR ?
			  conn_new_flags(&c, &self->bus, kinds[i]) :
			  conn_new_named(&c, &self->bus, kinds[i], NAME));
		EXPECT_EQ(-EOPNOTSUPP, match_all(&c, 1)) {
			TH_LOG("kind %llu", kinds[i]);
		}
		EXPECT_EQ(-EOPNOTSUPP, match_remove(&c, 1));
		conn_close(&c);
	}
}

/* abi: 16.4/id */
TEST_F(match, id_rule_takes_any_or_the_sender)
{
	struct conn c;

	ASSERT_EQ(0, conn_new(&c, &self->bus));
	ASSERT_EQ(0, add_id(&self->b, 1, KDBUS_ITEM_ID, self->a.id));
	EXPECT_EQ(0, send_broadcast(&c, 11));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(0, send_broadcast(&self->a, 12));
	EXPECT_EQ(12, recv_cookie(&self->b));
	ASSERT_EQ(0, add_id(&self->b, 2, KDBUS_ITEM_ID, KDBUS_MATCH_ID_ANY));
	EXPECT_EQ(0, send_broadcast(&c, 13));
	EXPECT_EQ(13, recv_cookie(&self->b));
	conn_close(&c);
}

/* abi: 16.4/dst-id */
TEST_F(match, dst_id_rule_takes_any_or_the_destination_as_sent)
{
	ASSERT_EQ(0, add_id(&self->b, 1, KDBUS_ITEM_DST_ID, self->b.id));
	EXPECT_EQ(0, send_broadcast(&self->a, 11));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(0, send_signal(&self->a, self->b.id, 12));
	EXPECT_EQ(12, recv_cookie(&self->b));
	ASSERT_EQ(0, add_id(&self->b, 2, KDBUS_ITEM_DST_ID, ~0ULL));
	EXPECT_EQ(0, send_broadcast(&self->a, 13));
	EXPECT_EQ(13, recv_cookie(&self->b));
	EXPECT_EQ(0, match_remove(&self->b, 1));
	EXPECT_EQ(0, send_signal(&self->a, self->b.id, 14));
	EXPECT_EQ(14, recv_cookie(&self->b));
}

/* abi: 16.4/dst-id */
TEST_F(match, dst_id_rule_sees_zero_in_a_signal_sent_by_name_alone)
{
	struct args msg;

	EXPECT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	ASSERT_EQ(0, add_id(&self->b, 1, KDBUS_ITEM_DST_ID, 0));
	args_signal(&msg, KDBUS_DST_ID_NAME, 11);
	args_str(&msg, KDBUS_ITEM_DST_NAME, NAME);
	EXPECT_EQ(0, msg_send(&self->a, &msg));
	EXPECT_EQ(11, recv_cookie(&self->b));
	EXPECT_EQ(0, send_signal(&self->a, self->b.id, 12));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 16.4/name */
TEST_F(match, name_rule_takes_the_primary_owner_only)
{
	struct conn c;

	ASSERT_EQ(0, conn_new(&c, &self->bus));
	ASSERT_EQ(0, add_name(&self->b, 1, NAME));
	EXPECT_EQ(0, send_broadcast(&self->a, 11));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, name_acquire(&c, NAME, KDBUS_NAME_QUEUE, NULL));
	EXPECT_EQ(0, send_broadcast(&self->a, 12));
	EXPECT_EQ(0, send_broadcast(&c, 13));
	EXPECT_EQ(12, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	EXPECT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(0, send_broadcast(&self->a, 14));
	EXPECT_EQ(0, send_broadcast(&c, 15));
	EXPECT_EQ(15, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	conn_close(&c);
}

/* abi: 16.4/kernel-rules */
TEST_F(match, notification_rules_never_take_messages)
{
	__u64 type;

	for (type = KDBUS_ITEM_NAME_ADD; type <= KDBUS_ITEM_NAME_CHANGE; type++) {
		ASSERT_EQ(0, add_name_change(&self->b, 1, type, ~0ULL, ~0ULL, NULL));
	}
	for (type = KDBUS_ITEM_ID_ADD; type <= KDBUS_ITEM_ID_REMOVE; type++) {
		ASSERT_EQ(0, add_id_change(&self->b, 1, type, ~0ULL));
	}
	EXPECT_EQ(0, send_broadcast(&self->a, 11));
	EXPECT_EQ(0, send_signal(&self->a, self->b.id, 12));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 16.4/other-type */
TEST_F(match, rules_for_messages_never_take_notifications)
{
	struct conn c;

	ASSERT_EQ(0, add_mask(&self->b, 1, BLOOM_SIZE));
	ASSERT_EQ(0, add_id(&self->b, 2, KDBUS_ITEM_ID, KDBUS_MATCH_ID_ANY));
	ASSERT_EQ(0, add_id(&self->b, 3, KDBUS_ITEM_ID, KDBUS_SRC_ID_KERNEL));
	ASSERT_EQ(0, add_id(&self->b, 4, KDBUS_ITEM_DST_ID, KDBUS_MATCH_ID_ANY));
	ASSERT_EQ(0, add_name(&self->b, 5, NAME));
	ASSERT_EQ(0, conn_new(&c, &self->bus));
	EXPECT_EQ(0, name_acquire(&c, NAME, 0, NULL));
	EXPECT_EQ(0, name_release(&c, NAME));
	conn_close(&c);
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 16.4/other-type */
TEST_F(match, notification_rules_take_only_their_own_kind)
{
	struct conn c;

	ASSERT_EQ(0, add_id_change(&self->a, 1, KDBUS_ITEM_ID_ADD, ~0ULL));
	ASSERT_EQ(0, add_name_change(&self->b, 1, KDBUS_ITEM_NAME_REMOVE, ~0ULL, ~0ULL, NULL));
	ASSERT_EQ(0, conn_new(&c, &self->bus));
	EXPECT_EQ(0, name_acquire(&c, NAME, 0, NULL));
	EXPECT_EQ(0, name_release(&c, NAME));
	EXPECT_EQ(0, expect_id(&self->a, KDBUS_ITEM_ID_ADD, c.id, KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	EXPECT_EQ(0, expect_name(&self->b, KDBUS_ITEM_NAME_REMOVE, NAME, c.id, OWNED, 0, 0));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	conn_close(&c);
}

/* abi: 16.4/other-type */
TEST_F(match, rules_for_two_kinds_of_notifications_exclude_each_other)
{
	struct args args;

	args_match(&args, 1);
	args_name_change(&args, KDBUS_ITEM_NAME_ADD, ~0ULL, ~0ULL, NULL);
	args_name_change(&args, KDBUS_ITEM_NAME_REMOVE, ~0ULL, ~0ULL, NULL);
	ASSERT_EQ(0, match_add(&self->b, &args));
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 16.4/id-change */
TEST_F(match, id_rules_take_any_or_that_id)
{
	struct conn c, d;

	ASSERT_EQ(0, add_id_change(&self->a, 1, KDBUS_ITEM_ID_REMOVE, ~0ULL));
	ASSERT_EQ(0, conn_new(&c, &self->bus));
	ASSERT_EQ(0, conn_new(&d, &self->bus));
	ASSERT_EQ(0, add_id_change(&self->b, 1, KDBUS_ITEM_ID_REMOVE, d.id));
	conn_close(&c);
	EXPECT_EQ(0, expect_id(&self->a, KDBUS_ITEM_ID_REMOVE, c.id, KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
	conn_close(&d);
	EXPECT_EQ(0, expect_id(&self->a, KDBUS_ITEM_ID_REMOVE, d.id, KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(0, expect_id(&self->b, KDBUS_ITEM_ID_REMOVE, d.id, KDBUS_HELLO_ACCEPT_FD));
}

/* abi: 16.4/id-change */
TEST(id_add_rule_for_an_id_to_come_takes_only_that_one)
{
	struct conn watcher, second, third;
	char domain[PATH_MAX];
	struct bus bus;

	/* ids are predictable in a domain of one's own only */
	ASSERT_EQ(0, mount_namespace_unshare());
	ASSERT_EQ(0, domain_mount("kdbus", domain));
	ASSERT_EQ(0, bus_make_in(&bus, domain, KDBUS_MAKE_ACCESS_WORLD));
	ASSERT_EQ(0, conn_new(&watcher, &bus));
	ASSERT_EQ(0, add_id_change(&watcher, 1, KDBUS_ITEM_ID_ADD, watcher.id + 2));
	ASSERT_EQ(0, conn_new(&second, &bus));
	EXPECT_EQ(-EAGAIN, recv_cookie(&watcher));
	ASSERT_EQ(0, conn_new(&third, &bus));
	EXPECT_EQ(watcher.id + 2, third.id);
	EXPECT_EQ(0, expect_id(&watcher, KDBUS_ITEM_ID_ADD, third.id, KDBUS_HELLO_ACCEPT_FD));
	conn_close(&third);
	conn_close(&second);
	conn_close(&watcher);
	bus_close(&bus);
	EXPECT_EQ(0, domain_umount(domain));
}

/* abi: 16.4/name-change-old, 16.4/name-change-new, 16.4/name-change-name */
TEST_F(match, name_rules_compare_old_id_and_new_id_and_name)
{
	__u64 a = self->a.id, b = self->b.id, any = KDBUS_MATCH_ID_ANY;
	const struct {
		__u64 old_id;
		__u64 new_id;
		const char *name;
		bool takes;
	} rules[] = {
		{ any, any, NULL, true }, { any, any, NAME, true }, { any, any, OTHER_NAME, false },
		{ any, any, "", false }, { any, any, "org.example.matc", false },
		{ a, any, NULL, true }, { b, any, NULL, false }, { 0, any, NULL, false },
		{ any, b, NULL, true }, { any, a, NULL, false }, { any, 0, NULL, false },
		{ a, b, NAME, true }, { a, b, OTHER_NAME, false }, { b, a, NAME, false },
	};
	struct conn c;
	unsigned int i;

	ASSERT_EQ(0, conn_new(&c, &self->bus));
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
		ASSERT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_QUEUE, NULL));
		ASSERT_EQ(0, add_name_change(&c, 1, KDBUS_ITEM_NAME_CHANGE, rules[i].old_id,
					     rules[i].new_id, rules[i].name));
		ASSERT_EQ(0, name_release(&self->a, NAME));
		EXPECT_EQ(rules[i].takes ? 0 : -EAGAIN,
			  expect_name(&c, KDBUS_ITEM_NAME_CHANGE, NAME, a, OWNED, b,
				      OWNED | KDBUS_NAME_QUEUE)) {
			TH_LOG("rule %u", i);
		}
		ASSERT_EQ(0, match_remove(&c, 1));
		ASSERT_EQ(0, name_release(&self->b, NAME));
	}
	conn_close(&c);
}

/* abi: 16.4/name-change-absent */
TEST_F(match, id_zero_in_name_rules_takes_the_absent_side_only)
{
	ASSERT_EQ(0, add_name_change(&self->b, 1, KDBUS_ITEM_NAME_ADD, 0, self->a.id, NULL));
	ASSERT_EQ(0, add_name_change(&self->b, 2, KDBUS_ITEM_NAME_REMOVE, self->a.id, 0, NULL));
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, expect_name(&self->b, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, self->a.id, OWNED));
	EXPECT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(0, expect_name(&self->b, KDBUS_ITEM_NAME_REMOVE, NAME, self->a.id, OWNED, 0, 0));
	EXPECT_EQ(0, match_remove(&self->b, 1));
	EXPECT_EQ(0, match_remove(&self->b, 2));

	ASSERT_EQ(0, add_name_change(&self->b, 1, KDBUS_ITEM_NAME_ADD, ~0ULL, 0, NULL));
	ASSERT_EQ(0, add_name_change(&self->b, 2, KDBUS_ITEM_NAME_REMOVE, 0, ~0ULL, NULL));
	EXPECT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

/* abi: 16.4/flags-ignored */
TEST_F(match, flags_members_of_rules_are_ignored)
{
	struct kdbus_item *item;
	struct args args;
	struct conn c;

	args_match(&args, 1);
	item = args_name_change(&args, KDBUS_ITEM_NAME_ADD, ~0ULL, ~0ULL, NULL);
	item->name_change.old_id.flags = ~0ULL;
	item->name_change.new_id.flags = KDBUS_NAME_ACTIVATOR;
	ASSERT_EQ(0, match_add(&self->b, &args));
	args_match(&args, 2);
	item = args_id_change(&args, KDBUS_ITEM_ID_ADD, ~0ULL);
	item->id_change.flags = KDBUS_HELLO_ACTIVATOR;
	ASSERT_EQ(0, match_add(&self->b, &args));
	ASSERT_EQ(0, conn_new(&c, &self->bus));
	EXPECT_EQ(0, expect_id(&self->b, KDBUS_ITEM_ID_ADD, c.id, KDBUS_HELLO_ACCEPT_FD));
	EXPECT_EQ(0, name_acquire(&c, NAME, 0, NULL));
	EXPECT_EQ(0, expect_name(&self->b, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, c.id, OWNED));
	conn_close(&c);
}

TEST_HARNESS_MAIN
