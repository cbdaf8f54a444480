// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * pcap.c - messages as a capture file: each packet is one whole D-Bus message, as they were on the
 * bus, at the time of sending
 */
#include <errno.h>

#include "../core/query.h"
#include "ctl.h"

#define PCAP_MAGIC		0xa1b23c4d	/* times in nanoseconds, our byte order */
#define PCAP_LINKTYPE_DBUS	231

/* Head of the file: magic, version, time zone, accuracy, longest packet, what packets are. */
struct pcap_file {
	uint32_t magic;
	uint16_t major, minor;
	int32_t zone;
	uint32_t accuracy;
	uint32_t longest;
	uint32_t linktype;
};

struct pcap_packet {
	uint32_t seconds, nanoseconds;
	uint32_t size, original_size;
};

/**
 * pcap_begin() - write the head of a capture file
 * @file: where to
 *
 * Return: 0 or -EIO.
 */
int pcap_begin(FILE *file)
{
	const struct pcap_file head = {
		.magic = PCAP_MAGIC,
		.major = 2,
		.minor = 4,
		.longest = KBUS_MESSAGE_MAX,
		.linktype = PCAP_LINKTYPE_DBUS,
	};

	return fwrite(&head, sizeof(head), 1, file) == 1 && !fflush(file) ? 0 : -EIO;
}

/**
 * pcap_write() - write a message
 * @file: where to
 * @in: the message
 *
 * Return: 0 or -EIO.
 */
int pcap_write(FILE *file, const struct kbus_incoming *in)
{
	struct pcap_packet packet = { .size = in->size, .original_size = in->size };
	const struct kdbus_item *item;
	unsigned int i;

	if (in->msg) {
		KBUS_FOREACH_ITEM(item, in->msg) {
			if (item->type != KDBUS_ITEM_TIMESTAMP)
				continue;
			packet.seconds = item->timestamp.realtime_ns / 1000000000;
			packet.nanoseconds = item->timestamp.realtime_ns % 1000000000;
		}
	}
	fwrite(&packet, sizeof(packet), 1, file);
	for (i = 0; i < in->n_parts; i++)
		fwrite(in->parts[i].iov_base, in->parts[i].iov_len, 1, file);
	/* Who reads through a pipe wants to see it now. */
	return fflush(file) || ferror(file) ? -EIO : 0;
}
