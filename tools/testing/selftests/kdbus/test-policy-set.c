// SPDX-License-Identifier: LGPL-2.1-or-later
/* How policies are set: by policy holders, activators and UPDATE. */
#include "common.h"
#include "objects.h"
#include "kselftest_harness.h"

#define NAME		"org.example.set"
#define OTHER_NAME	"org.example.other"
#define HOLDER		KDBUS_HELLO_POLICY_HOLDER
#define ACTIVATOR	KDBUS_HELLO_ACTIVATOR
#define USER		KDBUS_POLICY_ACCESS_USER
#define GROUP		KDBUS_POLICY_ACCESS_GROUP
#define WORLD		KDBUS_POLICY_ACCESS_WORLD
#define OWN		KDBUS_POLICY_OWN
#define TALK		KDBUS_POLICY_TALK

FIXTURE(policy_set) {
	struct bus bus;
	struct conn alice;
};

FIXTURE_SETUP(policy_set)
{
	ASSERT_EQ(0, bus_make(&self->bus));
	ASSERT_EQ(0, conn_new_as(&self->alice, &self->bus, ALICE, ALICE));
}

FIXTURE_TEARDOWN(policy_set)
{
	conn_close(&self->alice);
	bus_close(&self->bus);
}

/* May this user own @name?  1, 0 or -errno. */
static int may_own(struct conn *conn, uid_t uid, const char *name)
{
	int ret = become(uid, uid), back;

	if (ret)
		return ret;
	ret = name_acquire(conn, name, 0, NULL);
	if (ret == 0)
		ret = name_release(conn, name) ?: 1;
	else if (ret == -EPERM)
		ret = 0;
	back = become_root();
	return back ? back : ret;
}

static int update(struct conn *conn, struct args *args)
{
	return command(conn->fd, KDBUS_CMD_UPDATE, args);
}

/* abi: 15.1/vanish-with-connection, 19.5/2 */
TEST_F(policy_set, entries_of_a_holder_end_with_it)
{
	struct conn holder;

	ASSERT_EQ(0, conn_new_policy(&holder, &self->bus, HOLDER, NAME, WORLD, OWN, 0));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, NAME));
	conn_close(&holder);
	EXPECT_EQ(0, may_own(&self->alice, ALICE, NAME));
	ASSERT_EQ(0, conn_new_policy(&holder, &self->bus, HOLDER, NAME, WORLD, OWN, 0));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, NAME));
	conn_close(&holder);
}

/* abi: 15.1/activator, 19.2/activator-policy */
TEST_F(policy_set, grants_of_an_activator_end_with_it)
{
	struct conn activator;

	ASSERT_EQ(0, conn_new_policy(&activator, &self->bus, ACTIVATOR, NAME, WORLD, OWN, 0));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, NAME));
	conn_close(&activator);
	EXPECT_EQ(0, may_own(&self->alice, ALICE, NAME));
}

/* abi: 15.1/replaced-as-a-whole, 15.2/success */
TEST_F(policy_set, update_replaces_all_entries_of_the_holder)
{
	struct conn holder;
	struct args args;

	ASSERT_EQ(0, conn_new_policy(&holder, &self->bus, HOLDER, NAME, WORLD, OWN, 0));
	ASSERT_EQ(0, policy_update(&holder, OTHER_NAME, WORLD, OWN, 0));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, NAME));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, OTHER_NAME));
	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	args_policy(&args, USER, OWN, BOB);
	args_policy(&args, USER, OWN, ALICE);
	ASSERT_EQ(0, update(&holder, &args));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, NAME));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, OTHER_NAME));
	conn_close(&holder);
}

/* abi: 15.2/no-grants */
TEST_F(policy_set, name_without_grants_is_legal_and_grants_nothing)
{
	struct conn holder;
	struct args args;

	ASSERT_EQ(0, conn_new_policy(&holder, &self->bus, HOLDER, NAME, WORLD, OWN, 0));
	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	EXPECT_EQ(0, update(&holder, &args));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, NAME));
	conn_close(&holder);
}

/* abi: 15.2/too-many-names, 15.2/too-many-names */
TEST_F(policy_set, second_name_in_update_is_refused_with_e2big)
{
	struct conn holder;
	struct args args;

	ASSERT_EQ(0, conn_new_policy(&holder, &self->bus, HOLDER, NAME, WORLD, OWN, 0));
	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, OTHER_NAME);
	args_policy(&args, WORLD, TALK, 0);
	args_str(&args, KDBUS_ITEM_NAME, "org.example.third");
	EXPECT_EQ(-E2BIG, update(&holder, &args));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, NAME));
	conn_close(&holder);
}

/* abi: 15.2/name-invalid, 15.2/wildcard-refused */
TEST_F(policy_set, bad_names_are_refused_with_einval)
{
	static const char * const names[] = {
		"", "single", ".a.b", "a..b", "a.1b", "a.b.", "*", "a*.b", "a.*.b", "a.b*", ".*",
		"a.b.**",
	};
	struct conn holder, refused;
	unsigned int i;

	ASSERT_EQ(0, conn_new_policy(&holder, &self->bus, HOLDER, NAME, WORLD, OWN, 0));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(-EINVAL, policy_update(&holder, names[i], WORLD, OWN, 0)) {
			TH_LOG("name '%s'", names[i]);
		}
		EXPECT_EQ(-EINVAL, conn_new_named(&refused, &self->bus, HOLDER, names[i])) {
			TH_LOG("name '%s'", names[i]);
		}
	}
	EXPECT_EQ(1, may_own(&self->alice, ALICE, NAME));
	EXPECT_EQ(0, policy_update(&holder, "a.*", WORLD, OWN, 0));
	conn_close(&holder);
}

/* abi: 15.2/wildcard-refused */
TEST_F(policy_set, activator_for_a_wildcard_is_refused_with_einval)
{
	struct conn activator;

	EXPECT_EQ(-EINVAL, conn_new_named(&activator, &self->bus, ACTIVATOR, "org.example.*"));
	EXPECT_EQ(-EINVAL, conn_new_policy(&activator, &self->bus, ACTIVATOR, "org.example.*",
					   WORLD, OWN, 0));
}

/* abi: 15.2/grant-before-name */
TEST_F(policy_set, grant_before_any_name_is_refused_with_einval)
{
	struct conn holder;
	struct args args;

	ASSERT_EQ(0, conn_new_policy(&holder, &self->bus, HOLDER, NAME, WORLD, OWN, 0));
	args_cmd(&args);
	args_policy(&args, WORLD, TALK, 0);
	EXPECT_EQ(-EINVAL, update(&holder, &args));
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	EXPECT_EQ(-EINVAL, update(&holder, &args));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, NAME));
	conn_close(&holder);

	args_hello_default(&args);
	args.hello.flags = HOLDER;
	args_policy(&args, WORLD, TALK, 0);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	EXPECT_EQ(-EINVAL, conn_new_args(&holder, self->bus.path, &args));
}

/* abi: 15.2/level-or-type */
TEST_F(policy_set, unknown_levels_and_types_are_refused_with_einval)
{
	static const struct {
		__u64 type;
		__u64 access;
	} grants[] = {
		{ WORLD, 3 }, { WORLD, ~0ULL }, { USER, 3 }, { 0, OWN }, { 4, OWN }, { ~0ULL, OWN },
		{ 1ULL << 32 | WORLD, OWN }, { WORLD, 1ULL << 32 },
	};
	struct conn holder, refused;
	unsigned int i;

	ASSERT_EQ(0, conn_new_policy(&holder, &self->bus, HOLDER, NAME, WORLD, OWN, 0));
	for (i = 0; i < ARRAY_SIZE(grants); i++) {
		EXPECT_EQ(-EINVAL, policy_update(&holder, NAME, grants[i].type, grants[i].access,
						 0)) {
			TH_LOG("grant %u", i);
		}
		EXPECT_EQ(-EINVAL, conn_new_policy(&refused, &self->bus, HOLDER, OTHER_NAME,
						   grants[i].type, grants[i].access, 0)) {
			TH_LOG("grant %u", i);
		}
		EXPECT_EQ(-EINVAL, conn_new_policy(&refused, &self->bus, ACTIVATOR, OTHER_NAME,
						   grants[i].type, grants[i].access, 0)) {
			TH_LOG("grant %u", i);
		}
	}
	EXPECT_EQ(1, may_own(&self->alice, ALICE, NAME));
	conn_close(&holder);
}

/* abi: 15.2/id-without-mapping */
TEST_F(policy_set, id_without_mapping_in_the_callers_namespace_is_refused_with_einval)
{
	struct conn holder;
	pid_t pid;
	int ret;

	EXPECT_EQ(-EINVAL, conn_new_policy(&holder, &self->bus, HOLDER, NAME, USER, OWN, ~0ULL));
	EXPECT_EQ(-EINVAL, conn_new_policy(&holder, &self->bus, HOLDER, NAME, USER, OWN,
					   1ULL << 32));
	EXPECT_EQ(-EINVAL, conn_new_policy(&holder, &self->bus, HOLDER, NAME, GROUP, OWN,
					   0xffffffff));
	ASSERT_EQ(0, conn_new_policy(&holder, &self->bus, HOLDER, NAME, USER, OWN, BOB));
	pid = child_fork();
	if (pid == 0) {
		ret = user_namespace_unshare("0 61001 1\n", "0 61001 1\n");
		if (ret)
			child_exit(ret);
		ret = policy_update(&holder, NAME, USER, OWN, 1);
		if (ret != -EINVAL)
			child_exit(-100);
		ret = policy_update(&holder, NAME, GROUP, OWN, ALICE);
		child_exit(ret == -EINVAL ? 0 : -101);
	}
	EXPECT_EQ(0, child_result(pid));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, NAME));
	conn_close(&holder);
}

/* abi: 15.2/ids-are-global */
TEST_F(policy_set, ids_are_translated_from_the_callers_namespace)
{
	struct conn holder;
	pid_t pid;
	int ret;

	ASSERT_EQ(0, conn_new_policy(&holder, &self->bus, HOLDER, NAME, USER, OWN, BOB));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, NAME));
	pid = child_fork();
	if (pid == 0) {
		ret = user_namespace_unshare("5 61001 1\n0 0 1\n", "0 0 1\n");
		child_exit(ret ? ret : policy_update(&holder, NAME, USER, OWN, 5));
	}
	EXPECT_EQ(0, child_result(pid));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, NAME));
	EXPECT_EQ(0, may_own(&self->alice, BOB, NAME));
	conn_close(&holder);
}

/* abi: 15.2/duplicate */
TEST_F(policy_set, entry_of_another_owner_is_refused_with_eexist)
{
	struct conn first, second, activator;

	ASSERT_EQ(0, conn_new_named(&first, &self->bus, HOLDER, NAME));
	EXPECT_EQ(-EEXIST, conn_new_named(&second, &self->bus, HOLDER, NAME));
	EXPECT_EQ(-EEXIST, conn_new_policy(&second, &self->bus, HOLDER, NAME, WORLD, OWN, 0));
	EXPECT_EQ(-EEXIST, conn_new_named(&activator, &self->bus, ACTIVATOR, NAME));
	ASSERT_EQ(0, conn_new_policy(&second, &self->bus, HOLDER, OTHER_NAME, WORLD, OWN, 0));
	EXPECT_EQ(-EEXIST, policy_update(&second, NAME, WORLD, OWN, 0));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, OTHER_NAME));
	EXPECT_EQ(0, may_own(&self->alice, ALICE, NAME));
	conn_close(&first);
	EXPECT_EQ(0, policy_update(&second, NAME, WORLD, OWN, 0));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, NAME));
	conn_close(&second);
}

/* abi: 15.2/duplicate */
TEST_F(policy_set, entry_of_an_activator_excludes_holders)
{
	struct conn activator, holder;

	ASSERT_EQ(0, conn_new_named(&activator, &self->bus, ACTIVATOR, NAME));
	EXPECT_EQ(-EEXIST, conn_new_named(&holder, &self->bus, HOLDER, NAME));
	conn_close(&activator);
	EXPECT_EQ(0, conn_new_named(&holder, &self->bus, HOLDER, NAME));
	conn_close(&holder);
}

/* abi: 15.2/duplicate, 8.4/15 */
TEST_F(policy_set, refused_activator_leaves_nothing_behind)
{
	const struct kdbus_info *info;
	struct conn holder, activator, root;

	ASSERT_EQ(0, conn_new(&root, &self->bus));
	ASSERT_EQ(0, conn_new_named(&holder, &self->bus, HOLDER, NAME));
	EXPECT_EQ(-EEXIST, conn_new_named(&activator, &self->bus, ACTIVATOR, NAME));
	EXPECT_EQ(-ESRCH, conn_info(&root, 0, NAME, 0, &info));
	conn_close(&holder);
	EXPECT_EQ(0, conn_new_named(&activator, &self->bus, ACTIVATOR, NAME));
	conn_close(&activator);
	conn_close(&root);
}

/* abi: 15.2/wildcard-kind */
TEST_F(policy_set, wildcard_and_exact_entries_of_one_text_are_different)
{
	struct conn exact, wildcard, refused;

	ASSERT_EQ(0, conn_new_named(&exact, &self->bus, HOLDER, "a.b"));
	ASSERT_EQ(0, conn_new_named(&wildcard, &self->bus, HOLDER, "a.b.*"));
	EXPECT_EQ(-EEXIST, conn_new_named(&refused, &self->bus, HOLDER, "a.b"));
	EXPECT_EQ(-EEXIST, conn_new_named(&refused, &self->bus, HOLDER, "a.b.*"));
	EXPECT_EQ(-EEXIST, policy_update(&exact, "a.b.*", WORLD, OWN, 0));
	EXPECT_EQ(0, policy_update(&exact, "a.b", WORLD, OWN, 0));
	conn_close(&wildcard);
	conn_close(&exact);
}

/* abi: 15.2/success */
TEST_F(policy_set, holder_may_set_its_own_entry_again)
{
	struct conn holder;

	ASSERT_EQ(0, conn_new_policy(&holder, &self->bus, HOLDER, NAME, WORLD, TALK, 0));
	EXPECT_EQ(0, policy_update(&holder, NAME, WORLD, TALK, 0));
	EXPECT_EQ(0, policy_update(&holder, NAME, WORLD, OWN, 0));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, NAME));
	conn_close(&holder);
}

/* abi: 8.4/policy-ignored */
TEST_F(policy_set, grants_of_ordinary_connections_and_monitors_are_ignored)
{
	static const __u64 kinds[] = { 0, KDBUS_HELLO_MONITOR };
	struct args args;
	struct conn conn;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		args_hello_default(&args);
		args.hello.flags = kinds[i];
		args_policy(&args, WORLD, OWN, 0);
		EXPECT_EQ(0, conn_new_args(&conn, self->bus.path, &args)) {
			TH_LOG("kind %llu", kinds[i]);
		}
		conn_close(&conn);
	}
}

/* abi: 15.2/many-grants */
TEST_F(policy_set, all_grants_that_fit_the_argument_count)
{
	struct conn holder;
	struct args args;
	unsigned int i;

	ASSERT_EQ(0, conn_new_named(&holder, &self->bus, HOLDER, NAME));
	args_cmd(&args);
	args_str(&args, KDBUS_ITEM_NAME, NAME);
	for (i = 0; i < 800; i++)
		args_policy(&args, USER, OWN, i == 799 ? ALICE : 70000 + i);
	ASSERT_EQ(0, update(&holder, &args));
	EXPECT_EQ(1, may_own(&self->alice, ALICE, NAME));
	EXPECT_EQ(1, may_own(&self->alice, 70500, NAME));
	EXPECT_EQ(0, may_own(&self->alice, BOB, NAME));
	conn_close(&holder);
}

TEST_HARNESS_MAIN
