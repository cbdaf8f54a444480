// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sensor-must-not-lose.c - a meter whose readings are all needed, and a slow recorder
 *
 * SEND waits until the recorder has room. A recorder that is stuck for longer than ten seconds is given up
 * for this reading, and the sensor knows that it was lost.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>

#include "sensor.h"

#define PATIENCE_NS	(10ULL * 1000 * 1000 * 1000)

static uint64_t in_a_while(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec + PATIENCE_NS;
}

/* Wait until everyone who listens has room for it; false if somebody had none by the deadline. */
static bool tell_patiently(struct peer *sensor, uint64_t reading)
{
	struct sensor_signal signal;
	struct {
		struct kdbus_cmd_send cmd;
		uint64_t size, type, deadline_ns;
	} send = {
		.cmd = {
			.size = sizeof(send),
			.flags = KDBUS_SEND_WAIT,
			.msg_address = (uintptr_t)&signal,
		},
		.size = ITEM_HEADER + sizeof(send.deadline_ns),
		.type = KDBUS_ITEM_DEADLINE,
		.deadline_ns = in_a_while(),
	};

	sensor_signal(&signal, reading);
	check(ioctl(sensor->fd, KDBUS_CMD_SEND, &send) == 0, "SEND");
	return !(send.cmd.return_flags & KDBUS_SEND_RETURN_LOST);
}

static int meter(struct peer *sensor, uint64_t recorder_id)
{
	uint64_t i;

	(void)recorder_id;
	for (i = 1; i <= READINGS; i++) {
		if (!tell_patiently(sensor, i)) {
			fprintf(stderr, "reading %" PRIu64 " is lost: the recorder is stuck\n", i);
			return EXIT_FAILURE;
		}
	}
	return EXIT_SUCCESS;
}

int main(void)
{
	return sensor_and_recorder(meter, sensor_record);
}
