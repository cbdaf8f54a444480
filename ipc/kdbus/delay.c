// SPDX-License-Identifier: GPL-2.0
/* Windows of the protocol, held open at random in a debug build. */

#include <linux/delay.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "delay.h"

/* One stream per CPU: a shared one would order the CPUs, which is what we are not after. */
static DEFINE_PER_CPU(u32, delay_state);

/* Being moved to another CPU in the middle makes it only more random. */
static u32 delay_random(void)
{
	u32 x = raw_cpu_read(delay_state) ?: 0x9e3779b9 + raw_smp_processor_id();

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	raw_cpu_write(delay_state, x);
	return x;
}

/**
 * kdbus_delay_point() - a window in which others may act
 *
 * Context: Any.  Sleeps only where that is allowed.
 */
void kdbus_delay_point(void)
{
	bool may_sleep = preemptible() && !rcu_preempt_depth();
	u32 x = delay_random();

	/* Mostly nothing; a sleep is seldom, it lets others do a whole command. */
	switch (x >> 27) {
	case 0 ... 2:
		udelay(x % 64);
		break;
	case 3 ... 5:
		if (may_sleep)
			cond_resched();
		break;
	case 6:
		if (may_sleep && !(x & 3))
			usleep_range(20, 400);
		else
			udelay(x % 128);
		break;
	}
}
