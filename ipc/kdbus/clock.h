/* SPDX-License-Identifier: GPL-2.0 */
/* Logical clocks, which give messages their place. */
#ifndef KDBUS_CLOCK_H
#define KDBUS_CLOCK_H

#include <linux/atomic.h>
#include <linux/minmax.h>
#include <linux/types.h>

/**
 * struct kdbus_clock - the time of one connection, counted in messages
 * @now: not smaller than any stamp of what the connection has received or has in its
 *       queue; written under the lock of its queue
 * @sent: stamp of the last message that it has sent to several receivers
 *
 * Every step is a message, so 64 bits do not wrap.
 */
struct kdbus_clock {
	atomic64_t now;
	atomic64_t sent;
};

static inline void kdbus_clock_init(struct kdbus_clock *clock)
{
	atomic64_set(&clock->now, 0);
	atomic64_set(&clock->sent, 0);
}

/**
 * kdbus_clock_read() - what a connection knows
 * @clock: of a connection that sends
 *
 * Without its lock: what the connection has received raised the clock before, under the lock
 * that receiving took.
 *
 * Return: a number that the stamp of what it sends now has to exceed.
 */
static inline u64 kdbus_clock_read(const struct kdbus_clock *clock)
{
	return atomic64_read(&clock->now);
}

/**
 * kdbus_clock_raise() - learn of a stamp
 * @clock: the lock of its queue is held
 * @stamp: of a message that is there
 */
static inline void kdbus_clock_raise(struct kdbus_clock *clock, u64 stamp)
{
	if (stamp > (u64)atomic64_read(&clock->now))
		atomic64_set(&clock->now, stamp);
}

/**
 * kdbus_clock_tick() - a message comes
 * @clock: of the receiver; the lock of its queue is held
 * @seen: what the sender knows
 *
 * Return: the stamp that the receiver proposes; larger than all that it has.
 */
static inline u64 kdbus_clock_tick(struct kdbus_clock *clock, u64 seen)
{
	u64 stamp = max_t(u64, atomic64_read(&clock->now), seen) + 1;

	atomic64_set(&clock->now, stamp);
	return stamp;
}

/**
 * kdbus_clock_agree() - the stamp of a message to several receivers
 * @clock: of the sender, which may send several messages at once
 * @proposed: the largest proposal
 *
 * Return: a stamp that is not smaller, and that no other message has which this sender has sent
 *         to several.
 */
static inline u64 kdbus_clock_agree(struct kdbus_clock *clock, u64 proposed)
{
	s64 sent = atomic64_read(&clock->sent);
	u64 stamp;

	do {
		stamp = max_t(u64, proposed, sent + 1);
	} while (!atomic64_try_cmpxchg_relaxed(&clock->sent, &sent, stamp));
	return stamp;
}

#endif
