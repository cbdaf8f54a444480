/* SPDX-License-Identifier: GPL-2.0 */
/* Windows of the protocol, held open at random in a debug build. */
#ifndef KDBUS_DELAY_H
#define KDBUS_DELAY_H

/**
 * DOC: Delays
 *
 * Where one step of a protocol ends and the next begins, others may act in between: after a
 * look-up and before its result is used, between reserve and commit, before a lock
 * is taken, after an object stopped being found and before it is taken apart.
 * Such a window is some instructions wide, and a test rarely meets it.  With
 * CONFIG_KDBUS_DEBUG_DELAYS each of them, marked by kdbus_delay_point(), is held open
 * for a random time, now and then.
 */

#ifdef CONFIG_KDBUS_DEBUG_DELAYS
void kdbus_delay_point(void);
#else
static inline void kdbus_delay_point(void)
{
}
#endif

#endif
