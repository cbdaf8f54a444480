// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * sensor-may-lose.c - a sensor that never waits, and a slow display that shows where it is blind
 *
 * A reading that finds no room at the display is lost. The display has asked for losses in
 * place, so it finds a message where readings are missing, with how many.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "sensor.h"

int main(void)
{
	uint64_t next = 1, seen = 0, missing = 0, gaps = 0;
	struct peer sensor, display;
	const struct kdbus_lost *lost;
	const struct kdbus_msg *msg;
	unsigned int i;
	char path[256];

	sensor_bus(path);
	sensor_connect(&sensor, path, 0);
	sensor_connect(&display, path, KDBUS_HELLO_LOSS_IN_PLACE);
	sensor_listen(&display, sensor.id);

	/* The sensor is four times as fast. */
	for (i = 1; i <= READINGS || (msg = sensor_next(&display)); i++) {
		if (i <= READINGS)
			sensor_tell(&sensor, i);
		if (i <= READINGS && (i % 4 || !(msg = sensor_next(&display))))
			continue;
		lost = sensor_item(msg, KDBUS_ITEM_LOST);
		if (lost) {
			printf("%llu readings are missing from number %" PRIu64 " on\n",
			       (unsigned long long)lost->count, next);
			next += lost->count;
			missing += lost->count;
			gaps++;
		} else {
			if (msg->cookie != next) {
				fprintf(stderr, "number %llu in place of %" PRIu64 "\n",
					(unsigned long long)msg->cookie, next);
				return EXIT_FAILURE;
			}
			next++;
			seen++;
		}
		sensor_done(&display, msg);
	}
	printf("%" PRIu64 " readings shown, %" PRIu64 " missing in %" PRIu64 " places, of %d\n",
	       seen, missing, gaps, READINGS);
	return seen + missing == READINGS ? EXIT_SUCCESS : EXIT_FAILURE;
}
