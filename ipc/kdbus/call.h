/* SPDX-License-Identifier: GPL-2.0 */
/* Calls that wait for their reply. */
#ifndef KDBUS_CALL_H
#define KDBUS_CALL_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/wait.h>

struct file;
struct kdbus_conn;
struct kdbus_entry;
struct kdbus_event;
struct work_struct;

/**
 * enum kdbus_call_state - where a call stands
 * @KDBUS_CALL_NEW: its message is not in a queue yet
 * @KDBUS_CALL_PENDING: the reply may come
 * @KDBUS_CALL_TAKEN: a reply is being delivered to the synchronous caller
 * @KDBUS_CALL_DONE: it has its result
 */
enum kdbus_call_state {
	KDBUS_CALL_NEW,
	KDBUS_CALL_PENDING,
	KDBUS_CALL_TAKEN,
	KDBUS_CALL_DONE,
};

/**
 * struct kdbus_call - a call that waits for its reply
 * @ref: the list of the caller, the queued message, and who works with it
 * @caller: who called; borrowed, valid while the call is on its list
 * @replier: who has to answer; borrowed, valid while PENDING; under the locks of
 *           @caller and names
 * @caller_entry: link in kdbus_conn.calls; under the lock of @caller
 * @owed_entry: link in kdbus_conn.owed, or among those that move from there; under
 *              owed_lock of @replier
 * @cookie: of the message; set once
 * @deadline_ns: CLOCK_MONOTONIC; set once
 * @registration: of the name that it was sent to, or 0; set before PENDING
 * @is_admitted: it counts in kdbus_conn.n_calls; under the lock of @caller
 * @is_sync: the caller waits in SEND; set once
 * @interrupted: a signal took the synchronous caller out of SEND; it may come back;
 *               under the lock of @caller
 * @state: under the lock of @caller, but NEW to PENDING under that of @replier
 * @result: of a synchronous call, when DONE
 * @reply: of a synchronous call, when DONE with result 0; in the pool of @caller; owned
 * @wait: the synchronous caller
 * @event: tells an asynchronous caller that there will be no reply; owned, NULL
 *         once it is under way
 *
 * A call ends once: whoever moves it out of PENDING, under the lock of the
 * caller, decides how.
 */
struct kdbus_call {
	struct kref ref;
	struct kdbus_conn *caller;
	struct kdbus_conn *replier;
	struct hlist_node caller_entry;
	struct hlist_node owed_entry;
	u64 cookie;
	u64 deadline_ns;
	u64 registration;
	bool is_admitted;
	bool is_sync;
	bool interrupted;
	enum kdbus_call_state state;
	int result;
	struct kdbus_entry *reply;
	wait_queue_head_t wait;
	struct kdbus_event *event;
};

struct kdbus_call *kdbus_call_new(struct kdbus_conn *caller, u64 cookie, u64 deadline_ns,
				  bool is_sync);
void kdbus_call_put(struct kdbus_call *call);
void kdbus_call_recycle(struct kdbus_call *call);

int kdbus_call_admit(struct kdbus_call *call);
void kdbus_call_close(struct kdbus_call *call);
void kdbus_call_open(struct kdbus_call *call, u64 registration);
void kdbus_call_owe_locked(struct kdbus_call *call, struct kdbus_conn *replier);
void kdbus_call_cancel(struct kdbus_call *call);

bool kdbus_call_is_expected(struct kdbus_conn *caller, struct kdbus_conn *replier, u64 cookie);
struct kdbus_call *kdbus_call_take(struct kdbus_conn *caller, struct kdbus_conn *replier,
				   u64 cookie);
int kdbus_call_finish(struct kdbus_call *call, int result, struct kdbus_entry *reply,
		      u64 seen);
void kdbus_call_drop(struct kdbus_call *call);

struct kdbus_call *kdbus_call_adopt(struct kdbus_conn *caller, u64 cookie);
int kdbus_call_wait(struct kdbus_call *call, struct file *cancel);
bool kdbus_call_interrupt(struct kdbus_call *call);
int kdbus_call_collect(struct kdbus_call *call, struct kdbus_entry **reply);

void kdbus_calls_deadline(struct work_struct *work);
void kdbus_call_redirect(struct kdbus_call *call, struct kdbus_conn *from, struct kdbus_conn *to);
void kdbus_calls_redirect(struct kdbus_conn *from, struct kdbus_conn *to, u64 registration);
void kdbus_calls_forget(struct kdbus_conn *caller);
void kdbus_calls_abandon(struct kdbus_conn *replier, bool is_sync);

#endif
