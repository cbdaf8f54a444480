// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * socket.c - what a connected AF_UNIX stream socket would answer
 *
 * The peer of the connection is the bus, for which whoever made it stands.
 */
#include <errno.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../core/query.h"
#include "bridge.h"
#include "libc.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

/* What sockets have unless somebody asks for more. */
#define BUFFER_SIZE 212992

static int give(void *value, socklen_t *size, const void *from, size_t n)
{
	if (*size < n)
		n = *size;
	memcpy(value, from, n);
	*size = n;
	return 0;
}

static int give_int(void *value, socklen_t *size, int from)
{
	return give(value, size, &from, sizeof(from));
}

static int give_label(void *value, socklen_t *size, const char *label)
{
	socklen_t length = strlen(label) + 1;

	if (!*label)
		return -ENOPROTOOPT;
	if (*size < length) {
		*size = length;
		return -ERANGE;
	}
	return give(value, size, label, length);
}

/*
 * Who made a bus does not change, and libsystemd asks three times for each connection, so the last answer
 * is kept.
 */
static struct {
	pthread_mutex_t lock;
	bool is_known;
	uint8_t bus_id[16];
	struct ucred creds;
	bool has_groups;
	gid_t groups[64];
	size_t n_groups;
	char label[256];
} peer = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void remember_peer(struct bridge *bridge, const struct kbus_info *info)
{
	struct stat st;
	size_t i;

	memcpy(peer.bus_id, bridge->conn->bus_id, sizeof(peer.bus_id));
	peer.creds = (struct ucred){ .pid = info->pid, .uid = info->uid, .gid = info->gid };
	/* Who made the bus need not tell, but the node is its. */
	if ((info->uid == UINT64_MAX || info->gid == UINT64_MAX) &&
	    libc_next()->fstat(bridge->fd, &st) == 0) {
		peer.creds.uid = st.st_uid;
		peer.creds.gid = st.st_gid;
	}
	peer.n_groups = info->n_groups;
	peer.has_groups = info->groups && peer.n_groups <= sizeof(peer.groups) / sizeof(gid_t);
	for (i = 0; peer.has_groups && i < peer.n_groups; i++)
		peer.groups[i] = info->groups[i];
	peer.label[0] = '\0';
	if (info->seclabel && strlen(info->seclabel) < sizeof(peer.label))
		strcpy(peer.label, info->seclabel);
	peer.is_known = true;
}

static int ask_peer(struct bridge *bridge)
{
	const uint64_t attach = KDBUS_ATTACH_CREDS | KDBUS_ATTACH_PIDS | KDBUS_ATTACH_AUXGROUPS |
				KDBUS_ATTACH_SECLABEL;
	struct kbus_info info;
	int r;

	if (peer.is_known && memcmp(peer.bus_id, bridge->conn->bus_id, sizeof(peer.bus_id)) == 0)
		return 0;
	r = kbus_info_of_bus(bridge->conn, attach, &info);
	if (r < 0)
		return -ENOPROTOOPT;
	remember_peer(bridge, &info);
	kbus_info_release(bridge->conn, &info);
	return 0;
}

static int give_groups(void *value, socklen_t *size)
{
	socklen_t length = peer.n_groups * sizeof(gid_t);

	if (!peer.has_groups)
		return -ENOPROTOOPT;
	if (*size < length) {
		*size = length;
		return -ERANGE;
	}
	memcpy(value, peer.groups, length);
	*size = length;
	return 0;
}

static int give_pidfd(void *value, socklen_t *size)
{
	int fd;

	if (peer.creds.pid <= 0)
		return -ENOPROTOOPT;
	fd = syscall(SYS_pidfd_open, peer.creds.pid, 0);
	if (fd < 0)
		return -ENOPROTOOPT;
	return give_int(value, size, fd);
}

/* What is asked about the bus. */
static int peer_option(struct bridge *bridge, int name, void *value, socklen_t *size)
{
	int r;

	pthread_mutex_lock(&peer.lock);
	r = ask_peer(bridge);
	if (r == 0) {
		switch (name) {
		case SO_PEERCRED:
			r = give(value, size, &peer.creds, sizeof(peer.creds));
			break;
		case SO_PEERSEC:
			r = give_label(value, size, peer.label);
			break;
		case SO_PEERGROUPS:
			r = give_groups(value, size);
			break;
		default:
			r = give_pidfd(value, size);
		}
	}
	pthread_mutex_unlock(&peer.lock);
	return r;
}

static int socket_option(struct bridge *bridge, int name, void *value, socklen_t *size)
{
	switch (name) {
	case SO_TYPE:
		return give_int(value, size, SOCK_STREAM);
	case SO_DOMAIN:
		return give_int(value, size, AF_UNIX);
	case SO_RCVBUF:
	case SO_SNDBUF:
		return give_int(value, size, BUFFER_SIZE);
	case SO_PROTOCOL:
	case SO_ACCEPTCONN:
	case SO_ERROR:
	case SO_PASSCRED:
	case SO_PASSSEC:
	case SO_KEEPALIVE:
		return give_int(value, size, 0);
	case SO_PEERCRED:
	case SO_PEERSEC:
	case SO_PEERGROUPS:
	case SO_PEERPIDFD:
		return peer_option(bridge, name, value, size);
	default:
		return -ENOPROTOOPT;
	}
}

/**
 * bridge_getsockopt() - getsockopt() of a bridged descriptor
 * @bridge: from table_find()
 * @fd: descriptor
 * @level: SOL_SOCKET, other levels have no options
 * @name: option
 * @value: gets the option
 * @size: room at @value; gets its size
 *
 * Return: 0, -errno, or -BRIDGE_NOT_MINE.
 */
int bridge_getsockopt(struct bridge *bridge, int fd, int level, int name, void *value,
		      socklen_t *size)
{
	int r;

	if (level != SOL_SOCKET)
		return -ENOPROTOOPT;
	if (!bridge_lock(bridge, fd))
		return -BRIDGE_NOT_MINE;
	r = socket_option(bridge, name, value, size);
	bridge_unlock(bridge);
	return r;
}

/**
 * bridge_setsockopt() - setsockopt() of a bridged descriptor
 * @bridge: from table_find()
 * @fd: descriptor
 * @level: SOL_SOCKET; its options tune a socket, and there is nothing to tune
 *
 * Return: 0, -ENOPROTOOPT, or -BRIDGE_NOT_MINE.
 */
int bridge_setsockopt(struct bridge *bridge, int fd, int level)
{
	if (!bridge_lock(bridge, fd))
		return -BRIDGE_NOT_MINE;
	bridge_unlock(bridge);
	return level == SOL_SOCKET ? 0 : -ENOPROTOOPT;
}

static int give_address(struct sockaddr *address, socklen_t *size, const char *path)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	const size_t start = offsetof(struct sockaddr_un, sun_path);
	size_t length = path ? strlen(path) + 1 : 0, n;

	if (length > sizeof(name.sun_path))
		length = 0;
	if (length > 0)
		memcpy(name.sun_path, path, length);
	n = start + length;
	memcpy(address, &name, *size < n ? *size : n);
	*size = n;
	return 0;
}

/**
 * bridge_getsockname() - getsockname() of a bridged descriptor: a socket without name
 * @bridge: from table_find()
 * @fd: descriptor
 * @address: gets the address
 * @size: room at @address; gets its size
 *
 * Return: 0, or -BRIDGE_NOT_MINE.
 */
int bridge_getsockname(struct bridge *bridge, int fd, struct sockaddr *address, socklen_t *size)
{
	if (!bridge_lock(bridge, fd))
		return -BRIDGE_NOT_MINE;
	bridge_unlock(bridge);
	return give_address(address, size, NULL);
}

/**
 * bridge_getpeername() - getpeername() of a bridged descriptor: the node of the bus
 * @bridge: from table_find()
 * @fd: descriptor
 * @address: gets the address
 * @size: room at @address; gets its size
 *
 * Return: 0, or -BRIDGE_NOT_MINE.
 */
int bridge_getpeername(struct bridge *bridge, int fd, struct sockaddr *address, socklen_t *size)
{
	int r;

	if (!bridge_lock(bridge, fd))
		return -BRIDGE_NOT_MINE;
	r = give_address(address, size, bridge->conn->path);
	bridge_unlock(bridge);
	return r;
}
