// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who may own names and talk to whom, by the policy of the bus. */
#include <grp.h>
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.policy"
#define OTHER_NAME	"org.example.other"

#define USER		KDBUS_POLICY_ACCESS_USER
#define GROUP		KDBUS_POLICY_ACCESS_GROUP
#define WORLD		KDBUS_POLICY_ACCESS_WORLD
#define SEE		KDBUS_POLICY_SEE
#define TALK		KDBUS_POLICY_TALK
#define OWN		KDBUS_POLICY_OWN

/*
 * The bus belongs to root.  @holder keeps an empty policy for NAME, @alice and
 * @bob were opened by these users, who are in no group together.
 */
FIXTURE(policy) {
	struct bus bus;
	struct conn holder;
	struct conn alice;
	struct conn bob;
};

FIXTURE_SETUP(policy)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new_named(&self->holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER, NAME));
	ASSERT_EQ(0, conn_new_as(&self->alice, &self->bus, ALICE, ALICE));
	ASSERT_EQ(0, conn_new_as(&self->bob, &self->bus, BOB, BOB));
}

FIXTURE_TEARDOWN(policy)
{
	conn_close(&self->bob);
	conn_close(&self->alice);
	conn_close(&self->holder);
	bus_close(&self->bus);
}

/* These act with other credentials than the ones the file was opened with. */

static int acquire_as(struct conn *conn, uid_t uid, gid_t gid, const char *name)
{
	int ret = become(uid, gid), back;

	if (ret)
		return ret;
	ret = name_acquire(conn, name, KDBUS_NAME_QUEUE, NULL);
	back = become_root();
	return back ? back : ret;
}

static int send_as(struct conn *conn, uid_t uid, gid_t gid, __u64 dst_id)
{
	int ret = become(uid, gid), back;

	if (ret)
		return ret;
	ret = send_plain(conn, dst_id, 11);
	back = become_root();
	return back ? back : ret;
}

/* May @uid own NAME?  1, 0 or -errno; the name is free before and after. */
static int may_own(struct conn *conn, uid_t uid, gid_t gid, const char *name)
{
	int ret = acquire_as(conn, uid, gid, name);

	if (ret == 0)
		ret = name_release(conn, name);
	else
		return ret == -EPERM ? 0 : ret;
	return ret ? ret : 1;
}

/* May @uid talk to @peer?  The message is received again. */
static int may_talk(struct conn *conn, uid_t uid, gid_t gid, struct conn *peer)
{
	int ret = send_as(conn, uid, gid, peer->id);

	if (ret)
		return ret == -EPERM ? 0 : ret;
	return recv_cookie(peer) == 11 ? 1 : -EPROTO;
}

/* abi: 15.1/denied-by-default, 15.4/own-default, 15.5/name-acquire */
TEST_F(policy, names_without_grant_may_not_be_owned)
{
	EXPECT_EQ(0, may_own(&self->alice, ALICE, ALICE, NAME));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, ALICE, "org.example.unheard"));
}

/* abi: 15.4/own-owner */
TEST_F(policy, owner_of_the_bus_may_own_every_name)
{
	struct conn root;

	ASSERT_EQ(0, conn_new(&root, &self->bus));
	EXPECT_EQ(0, name_acquire(&root, NAME, 0, NULL));
	EXPECT_EQ(0, name_acquire(&root, "org.example.unheard", 0, NULL));
	conn_close(&root);
}

/* abi: 15.4/own-owner, 15.4/talk-owner, 1/owner */
TEST_F(policy, user_who_made_the_bus_is_its_owner)
{
	struct conn alice, bob;
	struct bus bus;

	ASSERT_EQ(0, bus_make_as(&bus, ALICE, ALICE));
	ASSERT_EQ(0, conn_new_as(&alice, &bus, ALICE, STAFF));
	ASSERT_EQ(0, conn_new_as(&bob, &bus, BOB, STAFF));
	EXPECT_EQ(1, may_own(&alice, ALICE, STAFF, NAME));
	EXPECT_EQ(1, may_talk(&alice, ALICE, STAFF, &bob));
	EXPECT_EQ(0, may_own(&bob, BOB, STAFF, NAME));
	EXPECT_EQ(0, may_talk(&bob, BOB, STAFF, &alice));
	conn_close(&bob);
	conn_close(&alice);
	bus_close(&bus);
}

/* abi: 15.4/own-owner, 1/privileged */
TEST_F(policy, privileged_opener_is_owner_of_a_bus_made_by_others)
{
	struct conn root, bob;
	struct bus bus;

	ASSERT_EQ(0, bus_make_as(&bus, ALICE, ALICE));
	ASSERT_EQ(0, conn_new(&root, &bus));
	ASSERT_EQ(0, conn_new_as(&bob, &bus, BOB, BOB));
	EXPECT_EQ(0, name_acquire(&root, NAME, 0, NULL));
	EXPECT_EQ(0, send_plain(&root, bob.id, 11));
	EXPECT_EQ(11, recv_cookie(&bob));
	conn_close(&bob);
	conn_close(&root);
	bus_close(&bus);
}

/* abi: 15.4/own-policy, 5.3/policy-level */
TEST_F(policy, owning_needs_level_own)
{
	ASSERT_EQ(0, policy_update(&self->holder, NAME, WORLD, SEE, 0));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, ALICE, NAME));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, WORLD, TALK, 0));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, ALICE, NAME));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, WORLD, OWN, 0));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, ALICE, NAME));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, ALICE, OTHER_NAME));
}

/* abi: 15.5/name-acquire */
TEST_F(policy, owner_of_a_name_needs_the_right_to_acquire_it_again)
{
	ASSERT_EQ(0, policy_update(&self->holder, NAME, WORLD, OWN, 0));
	EXPECT_EQ(0, acquire_as(&self->alice, ALICE, ALICE, NAME));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, WORLD, TALK, 0));
	EXPECT_EQ(-EPERM, acquire_as(&self->alice, ALICE, ALICE, NAME));
	EXPECT_EQ(0, name_release(&self->alice, NAME));
}

/* abi: 15.5/name-acquire, 15.4/current-credentials */
TEST_F(policy, owning_is_judged_by_current_credentials)
{
	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, OWN, BOB));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, ALICE, NAME));
	EXPECT_EQ(1, may_own(&self->alice, BOB, BOB, NAME));
	EXPECT_EQ(0, may_own(&self->bob, ALICE, ALICE, NAME));
}

/* abi: 15.3/user, 5.3/policy-user */
TEST_F(policy, user_grants_compare_the_effective_uid)
{
	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, OWN, ALICE));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, ALICE, NAME));
	EXPECT_EQ(0, may_own(&self->bob, BOB, ALICE, NAME));

	ASSERT_EQ(0, setresuid(BOB, ALICE, 0));
	EXPECT_EQ(0, name_acquire(&self->alice, NAME, 0, NULL));
	EXPECT_EQ(0, name_release(&self->alice, NAME));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, setresuid(ALICE, BOB, 0));
	EXPECT_EQ(-EPERM, name_acquire(&self->alice, NAME, 0, NULL));
	ASSERT_EQ(0, become_root());
}

/* abi: 15.3/group, 5.3/policy-group */
TEST_F(policy, group_grants_compare_the_effective_and_supplementary_gids)
{
	const gid_t staff = STAFF;

	ASSERT_EQ(0, policy_update(&self->holder, NAME, GROUP, OWN, STAFF));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, ALICE, NAME));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, STAFF, NAME));

	ASSERT_EQ(0, setgroups(1, &staff));
	ASSERT_EQ(0, setresgid(BOB, BOB, 0));
	ASSERT_EQ(0, setresuid(ALICE, ALICE, 0));
	EXPECT_EQ(0, name_acquire(&self->alice, NAME, 0, NULL));
	EXPECT_EQ(0, name_release(&self->alice, NAME));
	ASSERT_EQ(0, become_root());

	ASSERT_EQ(0, setgroups(0, NULL));
	ASSERT_EQ(0, setresgid(STAFF, BOB, 0));
	ASSERT_EQ(0, setresuid(ALICE, ALICE, 0));
	EXPECT_EQ(-EPERM, name_acquire(&self->alice, NAME, 0, NULL));
	ASSERT_EQ(0, become_root());
}

/* abi: 15.3/group */
TEST_F(policy, user_and_group_ids_are_not_confused)
{
	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, OWN, STAFF));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, STAFF, NAME));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, GROUP, OWN, ALICE));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, STAFF, NAME));
}

/* abi: 15.3/world, 5.3/policy-world */
TEST_F(policy, world_grants_ignore_the_id)
{
	ASSERT_EQ(0, policy_update(&self->holder, NAME, WORLD, OWN, BOB));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, ALICE, NAME));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, WORLD, OWN, ~0ULL));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, ALICE, NAME));
}

/* abi: 15.3/highest */
TEST_F(policy, highest_of_several_grants_counts_whatever_their_order)
{
	struct args args;

	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_policy(&args, WORLD, SEE, 0);
	args_policy(&args, USER, OWN, ALICE);
	args_policy(&args, WORLD, TALK, 0);
	args_policy(&args, GROUP, OWN, STAFF);
	ASSERT_EQ(0, command(self->holder.fd, KDBUS_CMD_UPDATE, &args));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, ALICE, NAME));
	EXPECT_EQ(1, may_own(&self->alice, BOB, STAFF, NAME));
	EXPECT_EQ(0, may_own(&self->alice, BOB, BOB, NAME));
}

/* abi: 15.2/wildcard, 15.3/wildcard, 21/H3 */
TEST_F(policy, wildcard_covers_exactly_one_more_element)
{
	struct conn holder;

	ASSERT_EQ(0, conn_new_policy(&holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER,
				     "com.example.*", WORLD, OWN, 0));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, ALICE, "com.example.one"));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, ALICE, "com.example.two-2_"));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, ALICE, "com.example"));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, ALICE, "com.example.one.two"));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, ALICE, "com.examples.one"));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, ALICE, "com.other"));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, ALICE, "com.exampl.one"));
	conn_close(&holder);
}

/* abi: 15.3/exact-hides-wildcard */
TEST_F(policy, exact_entry_hides_the_wildcard_even_without_a_matching_grant)
{
	struct conn holder;

	ASSERT_EQ(0, conn_new_policy(&holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER,
				     "org.example.*", WORLD, OWN, 0));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, ALICE, OTHER_NAME));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, ALICE, NAME));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, OWN, BOB));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, ALICE, NAME));
	conn_close(&self->holder);
	EXPECT_EQ(1, may_own(&self->alice, ALICE, ALICE, NAME));
	conn_close(&holder);
}

/* abi: 15.4/talk-denied, 15.5/send-unicast */
TEST_F(policy, strangers_may_not_talk)
{
	struct args msg;

	EXPECT_EQ(0, may_talk(&self->alice, ALICE, ALICE, &self->bob));
	ASSERT_EQ(0, become(ALICE, ALICE));
	EXPECT_EQ(-EPERM, send_call(&self->alice, self->bob.id, 1));
	EXPECT_EQ(-EPERM, send_sync(&self->alice, self->bob.id, 2));
	EXPECT_EQ(-EPERM, send_plain(&self->alice, self->bob.id, 3));
	args_reply(&msg, self->bob.id, 4, 99);
	EXPECT_EQ(-EBADSLT, msg_send(&self->alice, &msg));
	ASSERT_EQ(0, become_root());
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->bob));
}

/* abi: 15.4/talk-owner */
TEST_F(policy, owner_of_the_bus_may_talk_to_everybody)
{
	struct conn root;

	ASSERT_EQ(0, conn_new(&root, &self->bus));
	EXPECT_EQ(1, may_talk(&root, ALICE, ALICE, &self->bob));
	EXPECT_EQ(0, may_talk(&self->bob, BOB, BOB, &root));
	conn_close(&root);
}

/* abi: 15.4/talk-same-user */
TEST_F(policy, same_user_may_talk_without_grant)
{
	struct conn alice;

	ASSERT_EQ(0, conn_new_as(&alice, &self->bus, ALICE, STAFF));
	EXPECT_EQ(1, may_talk(&self->alice, ALICE, ALICE, &alice));
	EXPECT_EQ(1, may_talk(&self->alice, ALICE, ALICE, &self->alice));
	conn_close(&alice);
}

/* abi: 15.4/talk-same-user, 15.4/current-credentials */
TEST_F(policy, same_user_means_current_euid_and_the_real_uid_that_opened_the_peer)
{
	struct conn peer;

	EXPECT_EQ(1, may_talk(&self->alice, BOB, BOB, &self->bob));

	ASSERT_EQ(0, setresuid(ALICE, BOB, 0));
	ASSERT_EQ(0, conn_new(&peer, &self->bus));
	ASSERT_EQ(0, become_root());
	EXPECT_EQ(1, may_talk(&self->alice, ALICE, ALICE, &peer));
	EXPECT_EQ(0, may_talk(&self->alice, BOB, BOB, &peer));
	EXPECT_EQ(0, may_talk(&self->bob, BOB, BOB, &peer));
	conn_close(&peer);
}

/* abi: 15.4/talk-policy */
TEST_F(policy, talking_needs_level_talk_for_a_name_of_the_peer)
{
	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, OWN, BOB));
	ASSERT_EQ(0, acquire_as(&self->bob, BOB, BOB, NAME));
	EXPECT_EQ(0, may_talk(&self->alice, ALICE, ALICE, &self->bob));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, SEE, ALICE));
	EXPECT_EQ(0, may_talk(&self->alice, ALICE, ALICE, &self->bob));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, TALK, ALICE));
	EXPECT_EQ(1, may_talk(&self->alice, ALICE, ALICE, &self->bob));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, OWN, ALICE));
	EXPECT_EQ(1, may_talk(&self->alice, ALICE, ALICE, &self->bob));
}

/* abi: 15.4/rights-of-connections */
TEST_F(policy, one_permitted_name_opens_the_connection_by_id_and_by_all_names)
{
	struct conn root;

	ASSERT_EQ(0, conn_new(&root, &self->bus));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, WORLD, TALK, 0));
	ASSERT_EQ(0, name_acquire(&root, OTHER_NAME, 0, NULL));
	ASSERT_EQ(0, become(ALICE, ALICE));
	EXPECT_EQ(-EPERM, send_plain(&self->alice, root.id, 1));
	EXPECT_EQ(-EPERM, send_name(&self->alice, OTHER_NAME, 1));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, name_acquire(&root, NAME, 0, NULL));
	ASSERT_EQ(0, become(ALICE, ALICE));
	EXPECT_EQ(0, send_plain(&self->alice, root.id, 2));
	EXPECT_EQ(0, send_name(&self->alice, OTHER_NAME, 3));
	EXPECT_EQ(0, send_name(&self->alice, NAME, 4));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, name_release(&root, NAME));
	EXPECT_EQ(0, may_talk(&self->alice, ALICE, ALICE, &root));
	EXPECT_EQ(3, recv_all(&root));
	conn_close(&root);
}

/* abi: 15.4/held-not-queued */
TEST_F(policy, queueing_for_a_permitted_name_does_not_open_the_connection)
{
	struct conn root;

	ASSERT_EQ(0, conn_new(&root, &self->bus));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, WORLD, OWN, 0));
	ASSERT_EQ(0, name_acquire(&root, NAME, 0, NULL));
	ASSERT_EQ(0, acquire_as(&self->bob, BOB, BOB, NAME));
	EXPECT_EQ(1, may_talk(&self->alice, ALICE, ALICE, &root));
	EXPECT_EQ(0, may_talk(&self->alice, ALICE, ALICE, &self->bob));
	ASSERT_EQ(0, name_release(&root, NAME));
	EXPECT_EQ(0, may_talk(&self->alice, ALICE, ALICE, &root));
	EXPECT_EQ(1, may_talk(&self->alice, ALICE, ALICE, &self->bob));
	conn_close(&root);
}

/* abi: 15.5/reply */
TEST_F(policy, reply_to_a_pending_call_needs_no_right)
{
	struct conn root;

	ASSERT_EQ(0, conn_new(&root, &self->bus));
	ASSERT_EQ(0, send_call(&root, self->alice.id, 21));
	EXPECT_EQ(21, recv_cookie(&self->alice));
	ASSERT_EQ(0, become(ALICE, ALICE));
	EXPECT_EQ(-EPERM, send_plain(&self->alice, root.id, 1));
	EXPECT_EQ(0, send_reply(&self->alice, root.id, 22, 21));
	EXPECT_EQ(-EBADSLT, send_reply(&self->alice, root.id, 23, 21));
	ASSERT_EQ(0, become_root());
	EXPECT_EQ(22, recv_cookie(&root));
	conn_close(&root);
}

/* abi: 15.5/unicast-signal */
TEST_F(policy, unicast_signal_needs_the_right_of_the_receiver_not_of_the_sender)
{
	struct conn root;

	ASSERT_EQ(0, conn_new(&root, &self->bus));
	ASSERT_EQ(0, match_all(&root, 1));
	ASSERT_EQ(0, match_all(&self->bob, 1));
	ASSERT_EQ(0, become(ALICE, ALICE));
	/* alice may not talk to root, but root may talk to alice */
	EXPECT_EQ(0, send_signal(&self->alice, root.id, 31));
	/* bob may not talk to alice */
	EXPECT_EQ(0, send_signal(&self->alice, self->bob.id, 32));
	ASSERT_EQ(0, become_root());
	EXPECT_EQ(31, recv_cookie(&root));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->bob));
	/* root may talk to bob, but bob may not talk to root */
	EXPECT_EQ(0, send_signal(&root, self->bob.id, 33));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->bob));
	conn_close(&root);
}

/* abi: 15.5/broadcast */
TEST_F(policy, broadcast_reaches_those_who_may_talk_to_the_sender)
{
	struct kdbus_cmd_recv recv;
	struct conn root, alice;

	ASSERT_EQ(0, conn_new(&root, &self->bus));
	ASSERT_EQ(0, conn_new_as(&alice, &self->bus, ALICE, ALICE));
	ASSERT_EQ(0, match_all(&root, 1));
	ASSERT_EQ(0, match_all(&alice, 1));
	ASSERT_EQ(0, match_all(&self->bob, 1));
	EXPECT_EQ(0, send_broadcast(&self->alice, 41));
	EXPECT_EQ(41, recv_cookie(&root));
	EXPECT_EQ(41, recv_cookie(&alice));
	EXPECT_EQ(-EAGAIN, msg_recv(&self->bob, 0, &recv));
	EXPECT_EQ(0, recv.dropped_msgs);

	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, OWN, ALICE));
	ASSERT_EQ(0, acquire_as(&self->alice, ALICE, ALICE, NAME));
	EXPECT_EQ(0, expect_name(&self->bob, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, self->alice.id,
				 OWNED | KDBUS_NAME_QUEUE));
	EXPECT_EQ(0, send_broadcast(&self->alice, 42));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->bob));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, TALK, BOB));
	EXPECT_EQ(0, send_broadcast(&self->alice, 43));
	EXPECT_EQ(43, recv_cookie(&self->bob));
	conn_close(&alice);
	conn_close(&root);
}

/* abi: 15.4/open-time-credentials, 15.5/broadcast */
TEST_F(policy, receivers_of_signals_are_judged_by_the_opener_of_their_file)
{
	struct conn mixed;
	int fd;
	struct args args;

	fd = open_as(ALICE, ALICE, self->bus.path);
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, become(BOB, BOB));
	args_hello_default(&args);
	ASSERT_EQ(0, conn_hello(&mixed, fd, &args));
	EXPECT_EQ(0, match_all(&mixed, 1));
	ASSERT_EQ(0, become_root());
	EXPECT_EQ(0, send_broadcast(&self->bob, 51));
	EXPECT_EQ(0, send_signal(&self->bob, mixed.id, 52));
	EXPECT_EQ(-EAGAIN, recv_cookie(&mixed));
	EXPECT_EQ(0, send_broadcast(&self->alice, 53));
	EXPECT_EQ(53, recv_cookie(&mixed));
	EXPECT_EQ(0, send_signal(&self->alice, mixed.id, 54));
	EXPECT_EQ(54, recv_cookie(&mixed));
	conn_close(&mixed);
}

/* abi: 15.5/notifications, 15.4/see-default */
TEST_F(policy, on_the_default_endpoint_all_names_are_seen)
{
	const struct kdbus_info *info;
	struct conn root;

	ASSERT_EQ(0, conn_new(&root, &self->bus));
	ASSERT_EQ(0, match_all(&self->bob, 1));
	ASSERT_EQ(0, become(BOB, BOB));
	ASSERT_EQ(0, name_acquire(&root, NAME, 0, NULL));
	EXPECT_EQ(0, expect_name(&self->bob, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, root.id, OWNED));
	EXPECT_EQ(0, conn_info(&self->bob, 0, NAME, 0, &info));
	EXPECT_EQ(0, conn_info(&self->bob, root.id, NULL, 0, &info));
	EXPECT_EQ(1, list_counted(&self->bob, KDBUS_LIST_NAMES, root.id, NAME));
	ASSERT_EQ(0, become_root());
	conn_close(&root);
}

/* abi: 15.5/no-policy */
TEST_F(policy, release_and_matches_and_queries_of_the_bus_need_no_right)
{
	struct args args;

	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, OWN, ALICE));
	ASSERT_EQ(0, acquire_as(&self->alice, ALICE, ALICE, NAME));
	ASSERT_EQ(0, become(BOB, BOB));
	EXPECT_EQ(-EADDRINUSE, name_release(&self->bob, NAME));
	EXPECT_EQ(0, name_release(&self->alice, NAME));
	EXPECT_EQ(0, match_all(&self->bob, 1));
	EXPECT_EQ(0, match_remove(&self->bob, 1));
	EXPECT_EQ(0, conn_update_recv(&self->bob, 0));
	args_info(&args);
	EXPECT_EQ(0, command(self->bob.fd, KDBUS_CMD_BUS_CREATOR_INFO, &args));
	ASSERT_EQ(0, become_root());
}

/* abi: 15.5/special-hello */
TEST_F(policy, special_connections_need_a_file_opened_by_the_owner)
{
	static const __u64 kinds[] = {
		KDBUS_HELLO_ACTIVATOR, KDBUS_HELLO_POLICY_HOLDER, KDBUS_HELLO_MONITOR,
	};
	struct args args;
	struct conn conn;
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		args_hello_default(&args);
		args.hello.flags = kinds[i];
		if (kinds[i] != KDBUS_HELLO_MONITOR)
			args_str(&args, KDBUS_ITEM_NAME, OTHER_NAME);
		fd = open_as(ALICE, ALICE, self->bus.path);
		ASSERT_LE(0, fd);
		/* the caller is root, the file is not */
		EXPECT_EQ(-EPERM, conn_hello(&conn, fd, &args)) {
			TH_LOG("kind %llu", kinds[i]);
		}
		fd = open(self->bus.path, O_RDWR | O_CLOEXEC);
		ASSERT_LE(0, fd);
		ASSERT_EQ(0, become(ALICE, ALICE));
		EXPECT_EQ(0, conn_hello(&conn, fd, &args)) {
			TH_LOG("kind %llu", kinds[i]);
		}
		conn_close(&conn);
		ASSERT_EQ(0, become_root());
	}
}

TEST_HARNESS_MAIN
