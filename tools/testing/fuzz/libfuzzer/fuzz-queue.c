// SPDX-License-Identifier: LGPL-2.1-or-later
/* The queue against a plain array in order of arrival. */

#include "kernel.h"
#include "queue.h"
#include "unit.h"
#include "reader.h"

#define NODES	32

static struct kdbus_queue queue;
static struct kdbus_queue_node nodes[NODES];
static struct kdbus_queue_node *order[NODES];	/* what is queued, oldest first */
static u64 arrival[NODES];
static unsigned int queued;

static void forget(struct kdbus_queue_node *node)
{
	unsigned int i, j = 0;

	for (i = 0; i < queued; i++)
		if (order[i] != node)
			order[j++] = order[i];
	queued = j;
}

static void remember(struct kdbus_queue_node *node)
{
	unsigned int i = queued++;

	while (i && arrival[order[i - 1] - nodes] > arrival[node - nodes]) {
		order[i] = order[i - 1];
		i--;
	}
	order[i] = node;
}

static void check(s64 least)
{
	struct kdbus_queue_node *urgent = NULL, *node;
	unsigned int i = 0;

	REQUIRE(kdbus_queue_is_empty(&queue) == !queued);
	REQUIRE(kdbus_queue_first(&queue) == (queued ? order[0] : NULL));
	list_for_each_entry(node, &queue.entries, entry) {
		REQUIRE(i < queued && order[i++] == node && kdbus_queue_node_is_queued(node));
		if (node->priority <= least && (!urgent || node->priority < urgent->priority))
			urgent = node;
	}
	REQUIRE(i == queued);
	REQUIRE(kdbus_queue_most_urgent(&queue, least) == urgent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader reader = { data, size };
	bool was_queued[NODES] = { false };
	u64 clock = 0;

	kdbus_queue_init(&queue);
	queued = 0;
	while (reader.left) {
		uint8_t what = read_u8(&reader);
		unsigned int number = what % NODES;
		struct kdbus_queue_node *node = &nodes[number];
		bool in = was_queued[number] && kdbus_queue_node_is_queued(node);

		if (in) {
			kdbus_queue_remove(&queue, node);
			forget(node);
			REQUIRE(!kdbus_queue_node_is_queued(node));
		} else if (was_queued[number] && what & 64) {
			kdbus_queue_put_back(&queue, node);
			remember(node);
		} else {
			kdbus_queue_node_init(node, what & 128 ? (s64)read_u64(&reader) :
					      (int8_t)read_u8(&reader) % 4);
			kdbus_queue_add(&queue, node);
			arrival[number] = ++clock;
			was_queued[number] = true;
			remember(node);
		}
		check(what & 32 ? S64_MAX : (int8_t)read_u8(&reader));
	}
	return 0;
}
