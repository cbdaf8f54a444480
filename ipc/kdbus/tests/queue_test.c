// SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later
/* Messages in order of their stamps and of priority */

#include "queue_order.h"
#include "suite.h"

#define N	200

static struct kdbus_queue_node nodes[N];
static struct kdbus_queue queue;
static u64 now;

/* Something that is not NULL; the queue does not look into it. */
static struct kdbus_stage *const a_stage = (struct kdbus_stage *)nodes;

static void begin(void)
{
	kdbus_queue_init(&queue);
	now = 0;
}

static void add(unsigned int i, s64 priority)
{
	kdbus_queue_node_init(&nodes[i], priority);
	nodes[i].sender = i + 1;
	kdbus_queue_append(&queue, &nodes[i], ++now);
}

static void stage(unsigned int i, s64 priority)
{
	kdbus_queue_node_init(&nodes[i], priority);
	nodes[i].sender = i + 1;
	nodes[i].stage = a_stage;
	kdbus_queue_append(&queue, &nodes[i], ++now);
}

static void settle(unsigned int i, u64 stamp)
{
	kdbus_queue_settle(&queue, &nodes[i], stamp);
	now = max(now, stamp);
}

static long index_of(const struct kdbus_queue_node *node)
{
	return node ? node - nodes : -1;
}

TEST(empty_queue_has_no_first)
{
	begin();
	EXPECT_TRUE(kdbus_queue_is_empty(&queue));
	EXPECT_EQ(-1, index_of(kdbus_queue_first(&queue)));
	EXPECT_EQ(-1, index_of(kdbus_queue_most_urgent(&queue, S64_MAX)));
}

TEST(first_is_the_oldest_whatever_its_priority)
{
	begin();
	add(0, 5);
	add(1, -5);
	EXPECT_EQ(0, index_of(kdbus_queue_first(&queue)));
	kdbus_queue_remove(&queue, &nodes[0]);
	EXPECT_EQ(1, index_of(kdbus_queue_first(&queue)));
	EXPECT_FALSE(kdbus_queue_node_is_queued(&nodes[0]));
	EXPECT_TRUE(kdbus_queue_node_is_queued(&nodes[1]));
}

TEST(most_urgent_has_the_smallest_priority_and_is_the_oldest_of_equals)
{
	begin();
	add(0, 7);
	add(1, S64_MAX);
	add(2, -3);
	add(3, S64_MIN);
	add(4, S64_MIN);
	add(5, -3);
	EXPECT_EQ(3, index_of(kdbus_queue_most_urgent(&queue, 0)));
	kdbus_queue_remove(&queue, &nodes[3]);
	EXPECT_EQ(4, index_of(kdbus_queue_most_urgent(&queue, 0)));
	kdbus_queue_remove(&queue, &nodes[4]);
	EXPECT_EQ(2, index_of(kdbus_queue_most_urgent(&queue, 0)));
	kdbus_queue_remove(&queue, &nodes[2]);
	EXPECT_EQ(5, index_of(kdbus_queue_most_urgent(&queue, 0)));
}

TEST(least_priority_is_a_bound_including_itself)
{
	begin();
	add(0, 10);
	EXPECT_EQ(-1, index_of(kdbus_queue_most_urgent(&queue, 9)));
	EXPECT_EQ(0, index_of(kdbus_queue_most_urgent(&queue, 10)));
	EXPECT_EQ(0, index_of(kdbus_queue_most_urgent(&queue, S64_MAX)));
	EXPECT_EQ(-1, index_of(kdbus_queue_most_urgent(&queue, S64_MIN)));
}

TEST(put_back_returns_to_the_old_place)
{
	static const int removed[][2] = { { 0, 1 }, { 1, 0 }, { 1, 2 }, { 2, 1 }, { 0, 2 } };
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(removed); i++) {
		begin();
		for (j = 0; j < 3; j++)
			add(j, 0);
		kdbus_queue_remove(&queue, &nodes[removed[i][0]]);
		kdbus_queue_remove(&queue, &nodes[removed[i][1]]);
		kdbus_queue_put_back(&queue, &nodes[removed[i][0]]);
		kdbus_queue_put_back(&queue, &nodes[removed[i][1]]);
		for (j = 0; j < 3; j++) {
			EXPECT_EQ(j, index_of(kdbus_queue_first(&queue)));
			EXPECT_EQ(j, index_of(kdbus_queue_most_urgent(&queue, 0)));
			kdbus_queue_remove(&queue, &nodes[j]);
		}
		EXPECT_TRUE(kdbus_queue_is_empty(&queue));
	}
}

TEST(settled_entry_goes_behind_smaller_stamps)
{
	begin();
	stage(0, 0);
	add(1, 0);
	add(2, 0);
	EXPECT_EQ(0, index_of(kdbus_queue_first(&queue)));
	settle(0, nodes[1].stamp + 1);
	EXPECT_EQ(NULL, nodes[0].stage);
	EXPECT_EQ(1, index_of(kdbus_queue_first(&queue)));
	EXPECT_EQ(1, index_of(kdbus_queue_most_urgent(&queue, 0)));
	kdbus_queue_remove(&queue, &nodes[1]);
	/* Its stamp is that of node 2, and its sender has the smaller id. */
	EXPECT_EQ(0, index_of(kdbus_queue_first(&queue)));
	EXPECT_EQ(0, index_of(kdbus_queue_most_urgent(&queue, 0)));
}

TEST(settled_entry_stays_if_its_stamp_was_the_one_proposed)
{
	begin();
	stage(0, 0);
	add(1, 0);
	settle(0, nodes[0].stamp);
	EXPECT_EQ(0, index_of(kdbus_queue_first(&queue)));
	EXPECT_EQ(0, index_of(kdbus_queue_most_urgent(&queue, 0)));
}

TEST(staged_entry_is_before_its_equals)
{
	begin();
	stage(1, 0);
	stage(2, 0);
	settle(1, nodes[2].stamp);
	/* The sender of 1 is smaller, but 2 may get any stamp from here on. */
	EXPECT_EQ(2, index_of(kdbus_queue_first(&queue)));
	settle(2, nodes[2].stamp);
	EXPECT_EQ(1, index_of(kdbus_queue_first(&queue)));
	EXPECT_EQ(1, index_of(kdbus_queue_most_urgent(&queue, 0)));
}

TEST(settling_does_not_change_the_order_of_priorities)
{
	begin();
	stage(0, -1);
	add(1, 5);
	settle(0, 100);
	EXPECT_EQ(1, index_of(kdbus_queue_first(&queue)));
	EXPECT_EQ(0, index_of(kdbus_queue_most_urgent(&queue, 10)));
}

TEST(random_traffic_agrees_with_a_search_over_all)
{
	bool queued[N] = { false };
	size_t i, j, round;

	begin();
	for (round = 0; round < UNIT_ROUNDS(20000); round++) {
		long first = -1, urgent = -1;
		s64 least = (s64)(unit_random() % 12) - 6;

		i = unit_random() % N;
		if (!queued[i] && unit_random() % 2) {
			add(i, (s64)(unit_random() % 10) - 5);
		} else if (!queued[i]) {
			stage(i, (s64)(unit_random() % 10) - 5);
		} else if (nodes[i].stage) {
			settle(i, nodes[i].stamp + unit_random() % 5);
		} else {
			kdbus_queue_remove(&queue, &nodes[i]);
			if (round % 5 == 0)
				kdbus_queue_put_back(&queue, &nodes[i]);
		}
		queued[i] = kdbus_queue_node_is_queued(&nodes[i]);

		for (j = 0; j < N; j++) {
			if (!queued[j])
				continue;
			if (first < 0 || is_before(&nodes[j], &nodes[first]))
				first = j;
			if (urgent < 0 || is_more_urgent(&nodes[j], &nodes[urgent]))
				urgent = j;
		}
		EXPECT_EQ(first, index_of(kdbus_queue_first(&queue)));
		if (urgent >= 0 && nodes[urgent].priority > least)
			urgent = -1;
		EXPECT_EQ(urgent, index_of(kdbus_queue_most_urgent(&queue, least)));
	}
}

static struct unit_case cases[] = {
	CASE(empty_queue_has_no_first),
	CASE(first_is_the_oldest_whatever_its_priority),
	CASE(most_urgent_has_the_smallest_priority_and_is_the_oldest_of_equals),
	CASE(least_priority_is_a_bound_including_itself),
	CASE(put_back_returns_to_the_old_place),
	CASE(settled_entry_goes_behind_smaller_stamps),
	CASE(settled_entry_stays_if_its_stamp_was_the_one_proposed),
	CASE(staged_entry_is_before_its_equals),
	CASE(settling_does_not_change_the_order_of_priorities),
	CASE(random_traffic_agrees_with_a_search_over_all),
	{}
};

SUITE("kdbus-queue", cases);
