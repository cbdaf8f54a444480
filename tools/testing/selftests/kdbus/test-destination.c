// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a sender remembers of the name that it sent to last, and when that counts no more. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.service"
#define WORLD		KDBUS_POLICY_ACCESS_WORLD
#define USER		KDBUS_POLICY_ACCESS_USER
#define SEE		KDBUS_POLICY_SEE
#define TALK		KDBUS_POLICY_TALK
#define SHARED		KDBUS_NAME_ALLOW_REPLACEMENT

/* @a owns NAME, @b may become its owner, @sender sends to it. */
FIXTURE(destination) {
	struct bus bus;
	struct conn a;
	struct conn b;
	struct conn sender;
};

FIXTURE_SETUP(destination)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new(&self->a, &self->bus));
	ASSERT_EQ(0, conn_new(&self->b, &self->bus));
	ASSERT_EQ(0, conn_new(&self->sender, &self->bus));
	ASSERT_EQ(0, name_acquire(&self->a, NAME, SHARED, NULL));
}

FIXTURE_TEARDOWN(destination)
{
	conn_close(&self->sender);
	conn_close(&self->b);
	conn_close(&self->a);
	bus_close(&self->bus);
}

/* Send until all that can be remembered is: first the name, then what is said of it. */
static int accustom(struct conn *sender, struct conn *owner, const char *name)
{
	__u64 cookie;
	int ret = 0;

	for (cookie = 1001; cookie <= 1004 && !ret; cookie++) {
		ret = send_name(sender, name, cookie);
		if (!ret && recv_cookie(owner) != (__s64)cookie)
			ret = -ENOMSG;
	}
	return ret;
}

/* abi: 14.3/replace */
TEST_F(destination, name_that_another_owner_took_is_his)
{
	ASSERT_EQ(0, accustom(&self->sender, &self->a, NAME));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, SHARED | KDBUS_NAME_REPLACE_EXISTING, NULL));
	EXPECT_EQ(0, send_name(&self->sender, NAME, 1));
	EXPECT_EQ(1, recv_cookie(&self->b));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	ASSERT_EQ(0, name_acquire(&self->a, NAME, SHARED | KDBUS_NAME_REPLACE_EXISTING, NULL));
	EXPECT_EQ(0, send_name(&self->sender, NAME, 2));
	EXPECT_EQ(2, recv_cookie(&self->a));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->b));
}

TEST_F(destination, name_that_its_owner_left_to_the_next_is_his)
{
	ASSERT_EQ(0, name_acquire(&self->b, NAME, KDBUS_NAME_QUEUE, NULL));
	ASSERT_EQ(0, accustom(&self->sender, &self->a, NAME));
	ASSERT_EQ(0, conn_bye(&self->a));
	EXPECT_EQ(0, accustom(&self->sender, &self->b, NAME));
}

TEST_F(destination, released_name_is_esrch)
{
	ASSERT_EQ(0, accustom(&self->sender, &self->a, NAME));
	ASSERT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(-ESRCH, send_name(&self->sender, NAME, 1));
	EXPECT_EQ(-ESRCH, send_name(&self->sender, NAME, 2));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
}

TEST_F(destination, name_that_is_acquired_again_is_another_one)
{
	ASSERT_EQ(0, accustom(&self->sender, &self->a, NAME));
	ASSERT_EQ(0, name_release(&self->a, NAME));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	EXPECT_EQ(0, accustom(&self->sender, &self->b, NAME));
	EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	ASSERT_EQ(0, name_release(&self->b, NAME));
	ASSERT_EQ(0, name_acquire(&self->a, NAME, 0, NULL));
	EXPECT_EQ(0, accustom(&self->sender, &self->a, NAME));
}

/* abi: 11.4/name-activator, 11.4/no-auto-start */
TEST_F(destination, name_between_activator_and_owner_is_whoever_has_it)
{
	struct args msg;
	struct conn activator;

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, KDBUS_HELLO_ACTIVATOR, NAME));
	ASSERT_EQ(0, accustom(&self->sender, &self->a, NAME));
	ASSERT_EQ(0, name_release(&self->a, NAME));
	args_msg_name(&msg, NAME, 1);
	msg.msg.flags |= KDBUS_MSG_NO_AUTO_START;
	EXPECT_EQ(-EADDRNOTAVAIL, msg_send(&self->sender, &msg));
	EXPECT_EQ(0, send_name(&self->sender, NAME, 2));
	EXPECT_EQ(POLLIN, conn_poll(&activator, 0) & POLLIN);
	ASSERT_EQ(0, name_acquire(&self->b, NAME, 0, NULL));
	EXPECT_EQ(0, send_name(&self->sender, NAME, 3));
	EXPECT_EQ(2, recv_cookie(&self->b));
	EXPECT_EQ(3, recv_cookie(&self->b));
	conn_close(&activator);
	EXPECT_EQ(0, accustom(&self->sender, &self->b, NAME));
}

/* abi: 11.4/id-and-name */
TEST_F(destination, owner_that_the_message_names_by_id_is_asked_for_each_time)
{
	struct args msg;

	ASSERT_EQ(0, accustom(&self->sender, &self->a, NAME));
	args_msg_name(&msg, NAME, 1);
	msg.msg.dst_id = self->a.id;
	EXPECT_EQ(0, msg_send(&self->sender, &msg));
	msg.msg.dst_id = self->b.id;
	EXPECT_EQ(-EREMCHG, msg_send(&self->sender, &msg));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, SHARED | KDBUS_NAME_REPLACE_EXISTING, NULL));
	EXPECT_EQ(0, msg_send(&self->sender, &msg));
	msg.msg.dst_id = self->a.id;
	EXPECT_EQ(-EREMCHG, msg_send(&self->sender, &msg));
}

TEST_F(destination, sender_may_be_the_owner_itself)
{
	ASSERT_EQ(0, accustom(&self->a, &self->a, NAME));
	ASSERT_EQ(0, name_acquire(&self->b, NAME, SHARED | KDBUS_NAME_REPLACE_EXISTING, NULL));
	EXPECT_EQ(0, accustom(&self->a, &self->b, NAME));
	EXPECT_EQ(0, accustom(&self->b, &self->b, NAME));
}

TEST_F(destination, same_name_on_another_bus_is_another_one)
{
	struct conn owner, sender;
	struct bus other;

	ASSERT_EQ(0, bus_make(&other));
	ASSERT_EQ(0, conn_new(&owner, &other));
	ASSERT_EQ(0, conn_new(&sender, &other));
	ASSERT_EQ(0, accustom(&self->sender, &self->a, NAME));
	EXPECT_EQ(-ESRCH, send_name(&sender, NAME, 1));
	ASSERT_EQ(0, name_acquire(&owner, NAME, 0, NULL));
	EXPECT_EQ(0, accustom(&sender, &owner, NAME));
	ASSERT_EQ(0, name_release(&self->a, NAME));
	EXPECT_EQ(-ESRCH, send_name(&self->sender, NAME, 1));
	EXPECT_EQ(0, accustom(&sender, &owner, NAME));
	conn_close(&sender);
	conn_close(&owner);
	bus_close(&other);
}

/* Those differ by one byte at each end, or are longer or shorter. */
TEST_F(destination, text_that_differs_is_another_name)
{
	static const char *const others[] = {
		"org.example.servicf", "nrg.example.service", "org.example.service2",
		"org.example.servic", "org.example", "org.example.service.more",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		ASSERT_EQ(0, accustom(&self->sender, &self->a, NAME));
		EXPECT_EQ(-ESRCH, send_name(&self->sender, others[i], 1));
		ASSERT_EQ(0, name_acquire(&self->b, others[i], 0, NULL));
		EXPECT_EQ(0, accustom(&self->sender, &self->b, others[i]));
		EXPECT_EQ(-EAGAIN, recv_cookie(&self->a));
	}
}

TEST_F(destination, names_in_turn_have_their_owners)
{
	unsigned int i;

	ASSERT_EQ(0, name_acquire(&self->b, "org.example.servicf", 0, NULL));
	for (i = 1; i <= 20; i++) {
		EXPECT_EQ(0, send_name(&self->sender, NAME, i));
		EXPECT_EQ(0, send_name(&self->sender, "org.example.servicf", 100 + i));
		EXPECT_EQ(i, recv_cookie(&self->a));
		EXPECT_EQ(100 + i, recv_cookie(&self->b));
	}
}

TEST_F(destination, text_that_is_no_name_is_einval)
{
	struct args msg;

	ASSERT_EQ(0, accustom(&self->sender, &self->a, NAME));
	EXPECT_EQ(-EINVAL, send_name(&self->sender, "org.example.serv#ce", 1));
	EXPECT_EQ(-EINVAL, send_name(&self->sender, "org-example-service", 1));
	/* without its NUL, and with one too many */
	args_msg(&msg, KDBUS_DST_ID_NAME, 1);
	args_item(&msg, KDBUS_ITEM_DST_NAME, NAME, strlen(NAME));
	EXPECT_EQ(-EINVAL, msg_send(&self->sender, &msg));
	args_msg(&msg, KDBUS_DST_ID_NAME, 1);
	args_item(&msg, KDBUS_ITEM_DST_NAME, NAME "\0", strlen(NAME) + 2);
	EXPECT_EQ(-EINVAL, msg_send(&self->sender, &msg));
	EXPECT_EQ(0, accustom(&self->sender, &self->a, NAME));
}

/*
 * Whoever sends stays the same user meanwhile, or what is remembered would not be asked.
 * @service (root) owns NAME; @holder has the policy of the bus for it, @ep one of its own;
 * @alice is on the default endpoint, @custom (root) on @ep.
 */
FIXTURE(granted) {
	struct bus bus;
	struct endpoint ep;
	struct conn holder;
	struct conn service;
	struct conn alice;
	struct conn custom;
};

FIXTURE_SETUP(granted)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, endpoint_make(&self->ep, &self->bus));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, TALK));
	ASSERT_EQ(0, conn_new_policy(&self->holder, &self->bus, KDBUS_HELLO_POLICY_HOLDER, NAME,
				     WORLD, TALK, 0));
	ASSERT_EQ(0, conn_new(&self->service, &self->bus));
	ASSERT_EQ(0, name_acquire(&self->service, NAME, SHARED, NULL));
	ASSERT_EQ(0, conn_new_as(&self->alice, &self->bus, ALICE, ALICE));
	ASSERT_EQ(0, conn_new_at(&self->custom, self->ep.path, 0, 0));
}

FIXTURE_TEARDOWN(granted)
{
	conn_close(&self->custom);
	conn_close(&self->alice);
	conn_close(&self->service);
	conn_close(&self->holder);
	endpoint_close(&self->ep);
	bus_close(&self->bus);
}

/* abi: 15.4/talk-policy */
TEST_F(granted, right_that_the_policy_of_the_bus_takes_away_is_gone)
{
	ASSERT_EQ(0, become(ALICE, ALICE));
	ASSERT_EQ(0, accustom(&self->alice, &self->service, NAME));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, WORLD, SEE, 0));
	EXPECT_EQ(-EPERM, send_name(&self->alice, NAME, 1));
	EXPECT_EQ(-EPERM, send_name(&self->alice, NAME, 1));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, TALK, ALICE));
	EXPECT_EQ(0, accustom(&self->alice, &self->service, NAME));
	ASSERT_EQ(0, become_root());
}

TEST_F(granted, right_goes_with_the_policy_holder)
{
	ASSERT_EQ(0, become(ALICE, ALICE));
	ASSERT_EQ(0, accustom(&self->alice, &self->service, NAME));
	conn_close(&self->holder);
	EXPECT_EQ(-EPERM, send_name(&self->alice, NAME, 1));
	ASSERT_EQ(0, become_root());
}

TEST_F(granted, right_of_a_wildcard_ends_where_an_exact_entry_begins)
{
	struct conn exact;
	struct args args;
	int fd;

	ASSERT_EQ(0, policy_update(&self->holder, "org.example.*", WORLD, TALK, 0));
	/* HELLO may be later: it is the opener of the file who has to be the owner. */
	ASSERT_LE(0, fd = open_at(self->bus.dir, "bus"));
	ASSERT_EQ(0, become(ALICE, ALICE));
	ASSERT_EQ(0, accustom(&self->alice, &self->service, NAME));
	args_hello_default(&args);
	args.hello.flags = KDBUS_HELLO_ACTIVATOR;
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_policy(&args, WORLD, SEE, 0);
	ASSERT_EQ(0, conn_hello(&exact, fd, &args));
	EXPECT_EQ(-EPERM, send_name(&self->alice, NAME, 1));
	conn_close(&exact);
	EXPECT_EQ(0, accustom(&self->alice, &self->service, NAME));
	ASSERT_EQ(0, become_root());
}

/* abi: 15.4/talk-custom */
TEST_F(granted, right_that_the_endpoint_takes_away_is_gone)
{
	ASSERT_EQ(0, accustom(&self->custom, &self->service, NAME));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, SEE));
	EXPECT_EQ(-EPERM, send_name(&self->custom, NAME, 1));
	EXPECT_EQ(-EPERM, send_name(&self->custom, NAME, 1));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, TALK));
	EXPECT_EQ(0, accustom(&self->custom, &self->service, NAME));
}

/* abi: 15.4/see-name */
TEST_F(granted, name_that_the_endpoint_hides_is_esrch)
{
	ASSERT_EQ(0, accustom(&self->custom, &self->service, NAME));
	ASSERT_EQ(0, endpoint_grant(&self->ep, "org.example.other", TALK));
	EXPECT_EQ(-ESRCH, send_name(&self->custom, NAME, 1));
	EXPECT_EQ(-ESRCH, send_name(&self->custom, NAME, 1));
	/* That the name is remembered shows nothing of whom it belongs to. */
	ASSERT_EQ(0, name_release(&self->service, NAME));
	EXPECT_EQ(-ESRCH, send_name(&self->custom, NAME, 1));
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	ASSERT_EQ(0, endpoint_grant(&self->ep, NAME, TALK));
	EXPECT_EQ(0, accustom(&self->custom, &self->service, NAME));
}

TEST_F(granted, right_is_for_the_name_and_not_for_the_next_one)
{
	static const char other[] = "org.example.servicf";
	struct conn owner;
	struct args args;

	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_policy(&args, WORLD, TALK, 0);
	args_str(&args, KDBUS_ITEM_NAME, other);
	args_policy(&args, WORLD, SEE, 0);
	ASSERT_EQ(0, endpoint_update(&self->ep, &args));
	ASSERT_EQ(0, conn_new(&owner, &self->bus));
	ASSERT_EQ(0, name_acquire(&owner, other, 0, NULL));
	ASSERT_EQ(0, accustom(&self->custom, &self->service, NAME));
	EXPECT_EQ(-EPERM, send_name(&self->custom, other, 1));
	EXPECT_EQ(-EPERM, send_name(&self->custom, other, 1));
	EXPECT_EQ(-EPERM, send_name(&self->custom, other, 1));
	EXPECT_EQ(0, accustom(&self->custom, &self->service, NAME));
	conn_close(&owner);
}

/* What one name permits is permitted by all names of the connection. */
TEST_F(granted, right_that_another_name_gave_goes_with_that_name)
{
	static const char plain[] = "com.example.plain";

	ASSERT_EQ(0, become(ALICE, ALICE));
	ASSERT_EQ(0, name_acquire(&self->service, plain, 0, NULL));
	ASSERT_EQ(0, accustom(&self->alice, &self->service, plain));
	ASSERT_EQ(0, name_release(&self->service, NAME));
	EXPECT_EQ(-EPERM, send_name(&self->alice, plain, 1));
	ASSERT_EQ(0, name_acquire(&self->service, NAME, 0, NULL));
	EXPECT_EQ(0, accustom(&self->alice, &self->service, plain));
	ASSERT_EQ(0, become_root());
}

/* abi: 15.4/current-credentials */
TEST_F(granted, right_is_for_whoever_sends)
{
	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, TALK, ALICE));
	ASSERT_EQ(0, become(ALICE, ALICE));
	ASSERT_EQ(0, accustom(&self->alice, &self->service, NAME));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, become(BOB, BOB));
	EXPECT_EQ(-EPERM, send_name(&self->alice, NAME, 1));
	EXPECT_EQ(-EPERM, send_name(&self->alice, NAME, 1));
	ASSERT_EQ(0, become_root());
	ASSERT_EQ(0, become(ALICE, ALICE));
	EXPECT_EQ(0, accustom(&self->alice, &self->service, NAME));
	ASSERT_EQ(0, become_root());
}

/* The right of the same user is no right to the name: the next owner may be somebody else. */
TEST_F(granted, right_that_the_same_user_has_ends_with_the_owner)
{
	struct conn own;

	ASSERT_EQ(0, conn_new_as(&own, &self->bus, ALICE, ALICE));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, USER, KDBUS_POLICY_OWN, ALICE));
	ASSERT_EQ(0, become(ALICE, ALICE));
	ASSERT_EQ(0, name_acquire(&own, NAME, SHARED | KDBUS_NAME_REPLACE_EXISTING, NULL));
	ASSERT_EQ(0, policy_update(&self->holder, NAME, WORLD, SEE, 0));
	ASSERT_EQ(0, accustom(&self->alice, &own, NAME));
	ASSERT_EQ(0, name_acquire(&self->service, NAME, KDBUS_NAME_REPLACE_EXISTING, NULL));
	EXPECT_EQ(-EPERM, send_name(&self->alice, NAME, 1));
	ASSERT_EQ(0, become_root());
	conn_close(&own);
}

/* ---- several threads send, while what they remember changes ---- */

#define ROUNDS		200
#define MAX_FLYING	64	/* messages that nobody has received yet */

struct crowd {
	struct conn *sender;
	const char *names[2];	/* in turn */
	int allowed;		/* what SEND may return besides 0 */
	unsigned int n_tried;
	unsigned int n_sent;
	unsigned int n_flying;
	bool stop;
	int unexpected;
	pthread_t threads[2];
};

static void *crowd_run(void *data)
{
	struct crowd *crowd = data;
	unsigned int i = 0;
	int ret;

	while (!__atomic_load_n(&crowd->stop, __ATOMIC_ACQUIRE)) {
		if (__atomic_load_n(&crowd->n_flying, __ATOMIC_RELAXED) >= MAX_FLYING) {
			sched_yield();
			continue;
		}
		__atomic_add_fetch(&crowd->n_flying, 1, __ATOMIC_RELAXED);
		ret = send_name(crowd->sender, crowd->names[i++ % 2], 1);
		__atomic_add_fetch(&crowd->n_tried, 1, __ATOMIC_RELAXED);
		if (ret == 0)
			__atomic_add_fetch(&crowd->n_sent, 1, __ATOMIC_RELAXED);
		else
			__atomic_sub_fetch(&crowd->n_flying, 1, __ATOMIC_RELAXED);
		if (ret && ret != crowd->allowed)
			crowd->unexpected = ret;
	}
	return NULL;
}

static int crowd_start(struct crowd *crowd)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(crowd->threads); i++)
		if (pthread_create(&crowd->threads[i], NULL, crowd_run, crowd))
			return -ENOMEM;
	return 0;
}

static int crowd_stop(struct crowd *crowd)
{
	unsigned int i;

	__atomic_store_n(&crowd->stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < ARRAY_SIZE(crowd->threads); i++)
		pthread_join(crowd->threads[i], NULL);
	return crowd->unexpected;
}

/* Wait until each thread may have sent twice since it had been here, or none sends any more. */
static void crowd_wait(struct crowd *crowd)
{
	unsigned int n = __atomic_load_n(&crowd->n_tried, __ATOMIC_RELAXED);

	while (__atomic_load_n(&crowd->n_tried, __ATOMIC_RELAXED) - n < 4 &&
	       __atomic_load_n(&crowd->n_flying, __ATOMIC_RELAXED) < MAX_FLYING)
		sched_yield();
}

/* Receive all; how many were the crowd's.  @n_own: gets more by those with another cookie. */
static unsigned int crowd_drain(struct crowd *crowd, struct conn *conn, unsigned int *n_own)
{
	unsigned int n = 0;
	__s64 cookie;

	while ((cookie = recv_cookie(conn)) >= 0) {
		if (cookie == 1)
			n++;
		else
			++*n_own;
	}
	__atomic_sub_fetch(&crowd->n_flying, n, __ATOMIC_RELAXED);
	return n;
}

/* abi: 2.4/concurrent */
TEST_F(destination, name_that_moves_under_several_threads_loses_nothing)
{
	struct crowd crowd = { .sender = &self->sender, .names = { NAME, "org.example.stays" } };
	struct conn *owners[] = { &self->a, &self->b };
	unsigned int i, n = 0, own;

	ASSERT_EQ(0, name_acquire(&self->b, crowd.names[1], 0, NULL));
	ASSERT_EQ(0, crowd_start(&crowd));
	for (i = 1; i <= ROUNDS; i++) {
		EXPECT_EQ(0, name_acquire(owners[i % 2], NAME,
					  SHARED | KDBUS_NAME_REPLACE_EXISTING, NULL));
		EXPECT_EQ(0, send_name(&self->sender, NAME, 2));
		own = 0;
		n += crowd_drain(&crowd, owners[!(i % 2)], &own);
		EXPECT_EQ(0, own);
		n += crowd_drain(&crowd, owners[i % 2], &own);
		EXPECT_EQ(1, own);
		crowd_wait(&crowd);
	}
	EXPECT_EQ(0, crowd_stop(&crowd));
	own = 0;
	n += crowd_drain(&crowd, &self->a, &own);
	n += crowd_drain(&crowd, &self->b, &own);
	EXPECT_EQ(crowd.n_sent, n);
	EXPECT_EQ(0, own);
}

/* abi: 2.4/concurrent */
TEST_F(granted, right_that_comes_and_goes_under_several_threads_is_the_present_one)
{
	struct crowd crowd = {
		.sender = &self->custom,
		.names = { NAME, NAME },
		.allowed = -EPERM,
	};
	unsigned int i, n = 0, own = 0;
	int ret;

	ASSERT_EQ(0, crowd_start(&crowd));
	for (i = 0; i < 2 * ROUNDS; i++) {
		ret = i % 2 ? 0 : -EPERM;
		/* Who asks because of the first change may be answered before the second. */
		EXPECT_EQ(0, endpoint_grant(&self->ep, NAME, i % 2 ? SEE : TALK));
		EXPECT_EQ(0, endpoint_grant(&self->ep, NAME, i % 2 ? TALK : SEE));
		EXPECT_EQ(ret, send_name(&self->custom, NAME, 2));
		n += crowd_drain(&crowd, &self->service, &own);
		/* What others may have remembered since is asked for, too. */
		crowd_wait(&crowd);
		EXPECT_EQ(ret, send_name(&self->custom, NAME, 2));
	}
	EXPECT_EQ(0, crowd_stop(&crowd));
	n += crowd_drain(&crowd, &self->service, &own);
	EXPECT_EQ(crowd.n_sent, n);
	EXPECT_EQ(2 * ROUNDS, own);
}

/*
 * Owners may be talked to because of that name alone, and one who has lost it is none.  Names in
 * turn, so that the policy is asked again and again.
 */
/* abi: 15.4/talk-policy */
TEST_F_TIMEOUT(granted, name_that_moves_under_several_threads_stays_permitted, 120)
{
	struct crowd crowd = { .sender = &self->alice, .names = { NAME, "org.example.stays" } };
	const __u64 flags = SHARED | KDBUS_NAME_QUEUE;
	struct conn b, stays, *owners[] = { &self->service, &b, &stays };
	unsigned int i, j, n = 0, own = 0;
	int ret;

	ASSERT_EQ(0, policy_update(&self->holder, "org.example.*", WORLD, TALK, 0));
	ASSERT_EQ(0, conn_new(&b, &self->bus));
	ASSERT_EQ(0, conn_new(&stays, &self->bus));
	ASSERT_EQ(0, name_acquire(&stays, crowd.names[1], 0, NULL));
	ASSERT_EQ(0, name_acquire(&self->service, NAME, flags, NULL));
	ASSERT_EQ(0, become(ALICE, ALICE));
	ASSERT_EQ(0, crowd_start(&crowd));
	for (i = 0; i < ROUNDS / 2; i++) {
		/* taken away, then handed down */
		ret = i % 2 ? name_release(&b, NAME) :
		      name_acquire(&b, NAME, flags | KDBUS_NAME_REPLACE_EXISTING, NULL);
		EXPECT_EQ(0, ret);
		for (j = 0; j < ARRAY_SIZE(owners); j++)
			n += crowd_drain(&crowd, owners[j], &own);
		crowd_wait(&crowd);
	}
	EXPECT_EQ(0, crowd_stop(&crowd));
	for (j = 0; j < ARRAY_SIZE(owners); j++)
		n += crowd_drain(&crowd, owners[j], &own);
	EXPECT_EQ(crowd.n_sent, n);
	EXPECT_EQ(0, own);
	ASSERT_EQ(0, become_root());
	conn_close(&stays);
	conn_close(&b);
}

TEST_HARNESS_MAIN
