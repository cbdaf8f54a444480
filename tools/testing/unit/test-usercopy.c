// SPDX-License-Identifier: LGPL-2.1-or-later
/* Copying little from user space, word by word */

#include <stdlib.h>

#include "usercopy.h"
#include "unit.h"

#define LARGEST		(KDBUS_COPY_WORDS_MAX + 16)

/* Both sides in allocations of just the size: who reads or writes more is found. */
static u8 *from, *to;

static void begin(size_t size)
{
	size_t i;

	from = malloc(size);
	to = malloc(size);
	for (i = 0; i < size; i++)
		from[i] = unit_random();
	memset(to, 0x55, size);
	unit_user_memory = (struct unit_user_memory){ .start = from, .size = size };
}

static void end(void)
{
	free(from);
	free(to);
}

TEST(each_size_arrives_whole)
{
	size_t size;

	for (size = 1; size <= LARGEST; size++) {
		begin(size);
		EXPECT_EQ_CASE(0, kdbus_copy_from_user(to, from, size), "%zu bytes", size);
		EXPECT_EQ_CASE(0, memcmp(to, from, size), "%zu bytes", size);
		end();
	}
}

TEST(memory_that_ends_too_early_is_efault)
{
	size_t size, there;

	for (size = 8; size <= LARGEST; size += 8) {
		begin(size);
		for (there = 0; there < size; there += 8) {
			unit_user_memory.size = there;
			EXPECT_EQ_CASE(-EFAULT, kdbus_copy_from_user(to, from, size),
				       "%zu of %zu bytes", there, size);
		}
		end();
	}
}

TEST(end_of_the_address_space_is_efault_only_beyond)
{
	begin(64);
	unit_user_memory.is_last = true;
	EXPECT_EQ(0, kdbus_copy_from_user(to, from, 64));
	EXPECT_EQ(-EFAULT, kdbus_copy_from_user(to, from, 65));
	end();
}
