// SPDX-License-Identifier: LGPL-2.1-or-later
/* What connections on custom endpoints may see, talk to and own. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.service"
#define OTHER_NAME	"org.example.hidden"
#define USER		KDBUS_POLICY_ACCESS_USER
#define WORLD		KDBUS_POLICY_ACCESS_WORLD
#define SEE		KDBUS_POLICY_SEE
#define TALK		KDBUS_POLICY_TALK
#define OWN		KDBUS_POLICY_OWN

/*
 * @service (root, default endpoint) owns NAME; @root and @alice are on the
 * custom endpoint; @holder keeps the policy of the bus for NAME.
 */
FIXTURE(custom) {
	struct bus bus;
	struct endpoint ep;
	struct conn holder;
	struct conn service;
	struct conn root;
	struct conn alice;
};

FIXTURE_SETUP(custom)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, endpoint_make(&self->ep, &self->bus));
	ASSERT_EQ(0, conn_new_named(&self->holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER, NAME));
	ASSERT_EQ(0, conn_new(&self->service, &self->bus));
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	ASSERT_EQ(0, conn_new_at(&self->root, self->ep.path, 0, 0));
	ASSERT_EQ(0, conn_new_at(&self->alice, self->ep.path, ALICE, ALICE));
}

FIXTURE_TEARDOWN(custom)
{
	conn_close(&self->alice);
	conn_close(&self->root);
	conn_close(&self->service);
	conn_close(&self->holder);
	endpoint_close(&self->ep);
	bus_close(&self->bus);
}

static int acquire_as(struct conn *conn, uid_t uid, const char *name)
{
	int ret = become(uid, uid), back;

	if (ret)
		return ret;
	ret = name_acquire(conn, name, 0, NULL);
	back = become_root();
	return back ? back : ret;
}

static int send_as(struct conn *conn, uid_t uid, __u64 dst_id)
{
	int ret = become(uid, uid), back;

	if (ret)
		return ret;
	ret = send_plain(conn, dst_id, 11);
	back = become_root();
	return back ? back : ret;
}

/* abi: 15.4/own-custom, 1/never-owner */
TEST_F(custom, owning_needs_level_own_here_and_on_the_bus)
{
	ASSERT_EQ(0, name_release(&self->service, NAME));
	EXPECT_EQ(-EPERM, name_acquire(&self->root, NAME, 0, NULL));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, OWN));
	EXPECT_EQ(-EPERM, name_acquire(&self->root, NAME, 0, NULL));
	EXPECT_EQ(-EPERM, acquire_as(&self->alice, ALICE, NAME));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, OWN, ALICE));
	EXPECT_EQ(-EPERM, name_acquire(&self->root, NAME, 0, NULL));
	EXPECT_EQ(0, acquire_as(&self->alice, ALICE, NAME));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, TALK));
	EXPECT_EQ(-EPERM, acquire_as(&self->alice, ALICE, NAME));
}

/* abi: 15.4/talk-custom, 15.4/talk-same-user */
TEST_F(custom, talking_needs_level_talk_here_even_to_the_same_user)
{
	struct conn nameless;

	EXPECT_EQ(-EPERM, send_plain(&self->root, self->service.id, 1));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, SEE));
	EXPECT_EQ(-EPERM, send_name(&self->root, NAME, 1));
	EXPECT_EQ(-EPERM, send_plain(&self->root, self->service.id, 1));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, TALK));
	EXPECT_EQ(0, send_plain(&self->root, self->service.id, 2));
	EXPECT_EQ(0, send_name(&self->root, NAME, 3));
	ASSERT_EQ(0, conn_new(&nameless, &self->bus));
	EXPECT_EQ(-EPERM, send_plain(&self->root, nameless.id, 4));
	conn_close(&nameless);
}

/* abi: 15.4/talk-custom, 15.4/talk-policy */
TEST_F(custom, talking_needs_the_right_on_the_bus_too)
{
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, TALK));
	EXPECT_EQ(-EPERM, send_as(&self->alice, ALICE, self->service.id));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, WORLD, TALK, 0));
	EXPECT_EQ(0, send_as(&self->alice, ALICE, self->service.id));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, WORLD, SEE, 0));
	EXPECT_EQ(-EPERM, send_as(&self->alice, ALICE, self->service.id));
}

/* abi: 15.4/talk-custom, 15.4/held-not-queued */
TEST_F(custom, queued_name_does_not_open_a_peer)
{
	struct conn queued;

	ASSERT_EQ(0, conn_new(&queued, &self->bus));
	ASSERT_EQ(0, name_acquire(&queued, NAME, KDBUS_NAME_QUEUE, NULL));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, TALK));
	EXPECT_EQ(-EPERM, send_plain(&self->root, queued.id, 1));
	ASSERT_EQ(0, name_release(&self->service, NAME));
	EXPECT_EQ(0, send_plain(&self->root, queued.id, 1));
	EXPECT_EQ(-EPERM, send_plain(&self->root, self->service.id, 1));
	conn_close(&queued);
}

/* abi: 15.4/acting-endpoint-only */
TEST_F(custom, endpoint_of_the_peer_does_not_matter)
{
	EXPECT_EQ(0, send_plain(&self->service, self->root.id, 1));
	EXPECT_EQ(0, send_plain(&self->service, self->alice.id, 1));
	EXPECT_EQ(1, recv_cookie(&self->root));
	EXPECT_EQ(1, recv_cookie(&self->alice));
}

/* abi: 15.4/talk-custom */
TEST_F(custom, connection_may_always_talk_to_itself)
{
	EXPECT_EQ(0, send_plain(&self->root, self->root.id, 11));
	EXPECT_EQ(0, send_as(&self->alice, ALICE, self->alice.id));
	/* Also under another uid than that of the opener, as setuid programs are. */
	EXPECT_EQ(0, send_as(&self->root, ALICE, self->root.id));
	EXPECT_EQ(0, send_plain(&self->alice, self->alice.id, 12));
	EXPECT_EQ(-EPERM, send_plain(&self->alice, self->root.id, 11));
}

/* abi: 15.5/reply */
TEST_F(custom, answer_to_a_call_needs_no_right)
{
	EXPECT_EQ(0, send_call(&self->service, self->root.id, 21));
	EXPECT_EQ(21, recv_cookie(&self->root));
	EXPECT_EQ(-EPERM, send_plain(&self->root, self->service.id, 1));
	EXPECT_EQ(0, send_reply(&self->root, self->service.id, 22, 21));
	EXPECT_EQ(22, recv_cookie(&self->service));
}

/* abi: 15.4/see-name, 15.5/conn-info-name */
TEST_F(custom, hidden_names_do_not_exist_for_conn_info)
{
	const struct kdbus_info *info;

	EXPECT_EQ(-ESRCH, conn_info(&self->root, 0, NAME, 0, &info));
	EXPECT_EQ(-ESRCH, conn_info(&self->root, self->service.id, NAME, 0, &info));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, SEE));
	EXPECT_EQ(0, conn_info(&self->root, 0, NAME, 0, &info));
	EXPECT_EQ(self->service.id, info->id);
	EXPECT_EQ(0, conn_info(&self->root, self->service.id, NAME, 0, &info));
}

/* abi: 15.4/see-peer, 15.5/conn-info-id */
TEST_F(custom, connection_without_visible_name_does_not_exist_for_conn_info)
{
	const struct kdbus_info *info;

	EXPECT_EQ(-ENXIO, conn_info(&self->root, self->service.id, NULL, 0, &info));
	EXPECT_EQ(-ENXIO, conn_info(&self->root, self->root.id, NULL, 0, &info));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, SEE));
	EXPECT_EQ(0, conn_info(&self->root, self->service.id, NULL, 0, &info));
	EXPECT_EQ(-ENXIO, conn_info(&self->root, self->root.id, NULL, 0, &info));
	EXPECT_EQ(0, conn_info(&self->service, self->root.id, NULL, 0, &info));
}

/* abi: 15.5/conn-info-name, 15.5/conn-info-id, 15.5/list-names */
TEST_F(custom, queries_are_judged_by_current_credentials)
{
	const struct kdbus_info *info;
	struct args args;

	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_policy(&args, USER, SEE, ALICE);
	ASSERT_EQ(0, endpoint_update(&self->ep, &args));
	EXPECT_EQ(-ESRCH, conn_info(&self->alice, 0, NAME, 0, &info));
	EXPECT_EQ(-ENXIO, conn_info(&self->alice, self->service.id, NULL, 0, &info));
	EXPECT_EQ(0, list_counted(&self->alice, KDBUS_LIST_NAMES, self->service.id, NULL));
	ASSERT_EQ(0, become(ALICE, ALICE));
	EXPECT_EQ(0, conn_info(&self->root, 0, NAME, 0, &info));
	EXPECT_EQ(0, conn_info(&self->root, self->service.id, NULL, 0, &info));
	EXPECT_EQ(1, list_counted(&self->root, KDBUS_LIST_NAMES, self->service.id, NULL));
	ASSERT_EQ(0, become_root());
}

/* abi: 15.5/list-names, 15.5/list-unique, 9.3/skipped-counts, 21/H15 */
TEST_F(custom, lists_leave_hidden_names_out_but_not_unique_ids)
{
	ASSERT_EQ(0, name_acquire(&self->service, OTHER_NAME, 0, NULL));
	EXPECT_EQ(0, list_counted(&self->root, KDBUS_LIST_NAMES, self->service.id, NULL));
	EXPECT_EQ(1, list_counted(&self->root, KDBUS_LIST_UNIQUE, self->service.id, NULL));
	/* a name that was left out counts as listed */
	EXPECT_EQ(0, list_counted(&self->root, KDBUS_LIST_NAMES | KDBUS_LIST_UNIQUE,
				  self->service.id, NULL));
	EXPECT_EQ(1, list_counted(&self->root, KDBUS_LIST_NAMES | KDBUS_LIST_UNIQUE,
				  self->root.id, NULL));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, SEE));
	EXPECT_EQ(1, list_counted(&self->root, KDBUS_LIST_NAMES, self->service.id, NULL));
	EXPECT_EQ(1, list_counted(&self->root, KDBUS_LIST_NAMES, self->service.id, NAME));
	EXPECT_EQ(2, list_counted(&self->service, KDBUS_LIST_NAMES, self->service.id, NULL));
}

/* abi: 15.5/notifications, 17/see */
TEST_F(custom, hidden_names_make_no_notifications)
{
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, SEE));
	ASSERT_EQ(0, match_all(&self->root, 1));
	ASSERT_EQ(0, name_acquire(&self->service, OTHER_NAME, 0, NULL));
	ASSERT_EQ(0, name_release(&self->service, OTHER_NAME));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->root));
	ASSERT_EQ(0, name_release(&self->service, NAME));
	EXPECT_EQ(0, expect_name(&self->root, KDBUS_ITEM_NAME_REMOVE, NAME, self->service.id,
				 OWNED, 0, 0));
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	EXPECT_EQ(0, expect_name(&self->root, KDBUS_ITEM_NAME_ADD, NAME, 0, 0, self->service.id,
				 OWNED));
}

/* abi: 15.5/notifications */
TEST_F(custom, receivers_of_notifications_are_judged_by_the_opener)
{
	struct args args;

	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_policy(&args, USER, SEE, ALICE);
	ASSERT_EQ(0, endpoint_update(&self->ep, &args));
	ASSERT_EQ(0, match_all(&self->root, 1));
	ASSERT_EQ(0, match_all(&self->alice, 1));
	ASSERT_EQ(0, name_release(&self->service, NAME));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->root));
	EXPECT_EQ(0, expect_name(&self->alice, KDBUS_ITEM_NAME_REMOVE, NAME, self->service.id,
				 OWNED, 0, 0));
}

/* abi: 15.5/id-notifications */
TEST_F(custom, ids_are_told_without_any_right)
{
	struct conn c;

	ASSERT_EQ(0, match_all(&self->alice, 1));
	ASSERT_EQ(0, conn_new(&c, &self->bus));
	EXPECT_EQ(0, expect_id(&self->alice, KDBUS_ITEM_ID_ADD, c.id, KDBUS_HELLO_ACCEPT_FD));
	conn_close(&c);
	EXPECT_EQ(0, expect_id(&self->alice, KDBUS_ITEM_ID_REMOVE, c.id, KDBUS_HELLO_ACCEPT_FD));
}

/* abi: 15.5/broadcast, 15.4/talk-custom */
TEST_F(custom, signals_come_in_from_those_that_could_be_talked_to)
{
	ASSERT_EQ(0, match_all(&self->root, 1));
	EXPECT_EQ(0, send_broadcast(&self->service, 31));
	EXPECT_EQ(0, send_signal(&self->service, self->root.id, 32));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->root));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, TALK));
	EXPECT_EQ(0, send_broadcast(&self->service, 33));
	EXPECT_EQ(0, send_signal(&self->service, self->root.id, 34));
	EXPECT_EQ(33, recv_cookie(&self->root));
	EXPECT_EQ(34, recv_cookie(&self->root));
}

/* abi: 15.5/broadcast */
TEST_F(custom, signals_go_out_without_any_right_here)
{
	ASSERT_EQ(0, match_all(&self->service, 1));
	EXPECT_EQ(0, send_broadcast(&self->alice, 41));
	EXPECT_EQ(41, recv_cookie(&self->service));
}

/* abi: 8.4/8 */
TEST_F(custom, monitors_are_refused_with_eopnotsupp)
{
	struct args args;
	struct conn conn;

	args_hello_default(&args);
	args.hello.flags = KDBUS_HELLO_MONITOR;
	EXPECT_EQ(-EOPNOTSUPP, conn_new_args(&conn, self->ep.path, &args));
}

/* abi: 8.4/9, 8.4/10, 15.5/special-hello */
TEST_F(custom, activators_and_holders_and_fakes_are_refused_with_eperm)
{
	struct kdbus_creds creds = { .uid = ALICE };
	struct kdbus_pids pids = { .pid = 1 };
	struct args args;
	struct conn conn;

	args_hello_default(&args);
	args.hello.flags = KDBUS_HELLO_ACTIVATOR;
	args_str(&args, KDBUS_ITEM_NAME, OTHER_NAME);
	EXPECT_EQ(-EPERM, conn_new_args(&conn, self->ep.path, &args));
	args.hello.flags = KDBUS_HELLO_POLICY_HOLDER;
	EXPECT_EQ(-EPERM, conn_new_args(&conn, self->ep.path, &args));
	args_hello_default(&args);
	args_item(&args, KDBUS_ITEM_CREDS, &creds, sizeof(creds));
	EXPECT_EQ(-EPERM, conn_new_args(&conn, self->ep.path, &args));
	args_hello_default(&args);
	args_item(&args, KDBUS_ITEM_PIDS, &pids, sizeof(pids));
	EXPECT_EQ(-EPERM, conn_new_args(&conn, self->ep.path, &args));
	args_hello_default(&args);
	args_str(&args, KDBUS_ITEM_SECLABEL, "label");
	EXPECT_EQ(-EPERM, conn_new_args(&conn, self->ep.path, &args));
}

/* abi: 15.4/activators-by-held-names */
TEST_F(custom, activator_is_judged_by_the_name_while_it_holds_it)
{
	struct conn activator;

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, OTHER_NAME));
	EXPECT_EQ(-ESRCH, send_name(&self->root, OTHER_NAME, 11));
	ASSERT_EQ(0, endpoint_grant(&self->ep, OTHER_NAME, TALK));
	EXPECT_EQ(0, send_name(&self->root, OTHER_NAME, 12));
	EXPECT_EQ(12, recv_cookie(&activator));
	conn_close(&activator);
}

/* abi: 15.5/broadcast, 15.4/see-default */
TEST_F(custom, update_counts_from_the_next_command_on)
{
	unsigned int i;

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, TALK));
		ASSERT_EQ(0, send_plain(&self->root, self->service.id, 11));
		ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, SEE));
		ASSERT_EQ(-EPERM, send_plain(&self->root, self->service.id, 12));
	}
	EXPECT_EQ(50, recv_all(&self->service));
}

TEST_HARNESS_MAIN
