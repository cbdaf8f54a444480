// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sensor-in-a-loop.c - a meter that never sleeps in SEND: it has a loop with other work
 *
 * What the recorder has no room for stays here; the meter asks to be told when there is room, and its loop
 * goes on meanwhile.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "sensor.h"

/* A reading for one recorder: no signal, so it has no filter. */
#define READING_SIZE	offsetof(struct sensor_signal, filter_size)

/* false if the recorder has no room for it. */
static bool try_to_tell(struct peer *sensor, uint64_t recorder_id, uint64_t reading)
{
	struct sensor_signal message;
	struct kdbus_cmd_send send = { .size = sizeof(send), .msg_address = (uintptr_t)&message };

	sensor_signal(&message, reading);
	message.msg.size = READING_SIZE;
	message.msg.flags = 0;
	message.msg.dst_id = recorder_id;
	if (ioctl(sensor->fd, KDBUS_CMD_SEND, &send) == 0)
		return true;
	check(errno == ENOBUFS || errno == EXFULL, "SEND");
	return false;
}

/* Is there room now?  If not, the connection polls POLLPRI as soon as there is. */
static bool ask_for_room(struct peer *sensor, uint64_t recorder_id)
{
	struct kdbus_cmd_room room = {
		.size = sizeof(room),
		.dst_id = recorder_id,
		.msg_size = READING_SIZE + sizeof(uint64_t),
	};

	if (ioctl(sensor->fd, KDBUS_CMD_ROOM, &room) == 0)
		return true;
	check(errno == EAGAIN, "ROOM");
	return false;
}

static int meter(struct peer *sensor, uint64_t recorder_id)
{
	struct pollfd loop = { .fd = sensor->fd, .events = POLLPRI };
	uint64_t next = 1, waited = 0;

	while (next <= READINGS) {
		if (try_to_tell(sensor, recorder_id, next)) {
			next++;
		} else if (!ask_for_room(sensor, recorder_id)) {
			waited++;
			check(poll(&loop, 1, -1) == 1, "poll");
		}
	}
	printf("the recorder had no room %" PRIu64 " times\n", waited);
	return fflush(stdout) ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(void)
{
	return sensor_and_recorder(meter, sensor_record);
}
