/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sensor.h - a bus on which a sensor tells its readings, as signals, to whoever listens
 *
 * Whatever fails ends the program with a message; these are samples.
 */
#ifndef SAMPLES_KDBUS_SENSOR_H
#define SAMPLES_KDBUS_SENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/kdbus.h>

#define READINGS	2000	/* more than a queue holds */
#define BLOOM_SIZE	64	/* that of the buses of bus_make() */
#define ITEM_HEADER	offsetof(struct kdbus_item, data)

/* A reading as a message.  Every signal has a bloom filter; nobody asks for one here. */
struct sensor_signal {
	struct kdbus_msg msg;
	uint64_t vec_size, vec_type;
	struct kdbus_vec vec;
	uint64_t filter_size, filter_type, generation;
	uint64_t filter[BLOOM_SIZE / 8];
	uint64_t reading;
};

/* One connection: the endpoint file, its number, and its pool, mapped read-only. */
struct peer {
	int fd;
	uint64_t id;
	const uint8_t *pool;
};

/* A descriptor that keeps the bus alive; its endpoint is written to @path (256 bytes). */
int sensor_bus(char *path);
/* A connection with these KDBUS_HELLO_* flags, which the kernel has to know. */
void sensor_connect(struct peer *peer, const char *path, uint64_t flags);
/* Hear the signals of one sender. */
void sensor_listen(struct peer *listener, uint64_t sensor_id);

/* The message to everyone who listens; it ends before @reading, which it points to. */
void sensor_signal(struct sensor_signal *signal, uint64_t reading);
/* Send it, whoever has room for it. */
void sensor_tell(struct peer *sensor, uint64_t reading);

/* The next message, or NULL if there is none now; give it back with sensor_done(). */
const struct kdbus_msg *sensor_next(struct peer *listener);
void sensor_done(struct peer *listener, const struct kdbus_msg *msg);
/* The payload of an item, or NULL if the message has none of this type. */
const void *sensor_item(const struct kdbus_msg *msg, uint64_t type);

/*
 * A bus with the two on it, the sensor in a process of its own: EXIT_SUCCESS if both say so.  The
 * recorder hears the sensor's signals, and the sensor knows the recorder's id.
 */
int sensor_and_recorder(int (*meter)(struct peer *sensor, uint64_t recorder_id),
			int (*record)(struct peer *listener));
/* Take all readings, in order and slowly: EXIT_SUCCESS, or EXIT_FAILURE if one is missing. */
int sensor_record(struct peer *listener);

void check(bool ok, const char *what);

#endif
