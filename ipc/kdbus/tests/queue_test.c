// SPDX-License-Identifier: GPL-2.0 OR LGPL-2.1-or-later
/* Messages in order of arrival and of priority */

#include "../queue.h"
#include "suite.h"

#define N	200

static struct kdbus_queue_node nodes[N];
static struct kdbus_queue queue;

static void add(unsigned int i, s64 priority)
{
	kdbus_queue_node_init(&nodes[i], priority);
	kdbus_queue_add(&queue, &nodes[i]);
}

static long index_of(const struct kdbus_queue_node *node)
{
	return node ? node - nodes : -1;
}

TEST(empty_queue_has_no_first)
{
	kdbus_queue_init(&queue);
	EXPECT_TRUE(kdbus_queue_is_empty(&queue));
	EXPECT_EQ(-1, index_of(kdbus_queue_first(&queue)));
	EXPECT_EQ(-1, index_of(kdbus_queue_most_urgent(&queue, S64_MAX)));
}

TEST(first_is_the_oldest_whatever_its_priority)
{
	kdbus_queue_init(&queue);
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
	kdbus_queue_init(&queue);
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
	kdbus_queue_init(&queue);
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
		kdbus_queue_init(&queue);
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

TEST(random_traffic_agrees_with_a_search_over_all)
{
	bool queued[N] = { false };
	size_t i, j, round;

	kdbus_queue_init(&queue);
	for (round = 0; round < UNIT_ROUNDS(20000); round++) {
		long oldest = -1, urgent = -1;
		s64 least = (s64)(unit_random() % 12) - 6;

		i = unit_random() % N;
		if (!queued[i]) {
			add(i, (s64)(unit_random() % 10) - 5);
		} else {
			kdbus_queue_remove(&queue, &nodes[i]);
			if (round % 5 == 0)
				kdbus_queue_put_back(&queue, &nodes[i]);
		}
		queued[i] = kdbus_queue_node_is_queued(&nodes[i]);

		for (j = 0; j < N; j++) {
			if (!queued[j])
				continue;
			if (oldest < 0 || nodes[j].position < nodes[oldest].position)
				oldest = j;
			if (urgent < 0 || nodes[j].priority < nodes[urgent].priority ||
			    (nodes[j].priority == nodes[urgent].priority &&
			     nodes[j].position < nodes[urgent].position))
				urgent = j;
		}
		EXPECT_EQ(oldest, index_of(kdbus_queue_first(&queue)));
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
	CASE(random_traffic_agrees_with_a_search_over_all),
	{}
};

SUITE("kdbus-queue", cases);
