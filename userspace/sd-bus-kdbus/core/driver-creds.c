// SPDX-License-Identifier: LGPL-2.1-or-later
/* driver-creds.c - methods of the bus about who a client is */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "driver-call.h"

#define ATTACH	(KDBUS_ATTACH_CREDS | KDBUS_ATTACH_PIDS | KDBUS_ATTACH_AUXGROUPS |	\
		 KDBUS_ATTACH_SECLABEL)

/* What the kernel knows of the client that the argument names; of the bus, of who made it. */
static int find_client(struct kbus_driver_call *call, const char **ret_name,
		       struct kbus_info *info)
{
	uint64_t id;
	int r;

	r = kbus_read_string(&call->args, ret_name, NULL);
	if (r < 0)
		return r;
	if (strcmp(*ret_name, KBUS_DRIVER_NAME) == 0)
		return kbus_info_of_bus(call->conn, ATTACH, info);
	if (kbus_unique_parse(*ret_name, &id))
		r = kbus_info_of_id(call->conn, id, ATTACH, info);
	else
		r = kbus_info_of_name(call->conn, *ret_name, ATTACH, info);
	if (r == 0 && info->flags & KDBUS_HELLO_ACTIVATOR) {
		kbus_info_release(call->conn, info);
		r = -ESRCH;
	}
	if (r == -ESRCH || r == -ENXIO)
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "NameHasNoOwner",
					"Could not get credentials of name '%.*s': no such name",
					KBUS_NAME_MAX, *ret_name);
	return r;
}

/**
 * kbus_driver_get_user() - GetConnectionUnixUser
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_get_user(struct kbus_driver_call *call)
{
	struct kbus_info info;
	const char *name;
	int r;

	r = find_client(call, &name, &info);
	if (r < 0)
		return r;
	if (info.uid == UINT64_MAX)
		r = kbus_driver_fail(call, KBUS_ERROR_PREFIX "Failed",
				     "Could not determine UID for '%.*s'", KBUS_NAME_MAX, name);
	else
		kbus_put_u32(&call->reply, info.uid);
	kbus_info_release(call->conn, &info);
	return r;
}

/**
 * kbus_driver_get_process() - GetConnectionUnixProcessID
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_get_process(struct kbus_driver_call *call)
{
	struct kbus_info info;
	const char *name;
	int r;

	r = find_client(call, &name, &info);
	if (r < 0)
		return r;
	if (!info.pid)
		r = kbus_driver_fail(call, KBUS_ERROR_PREFIX "UnixProcessIdUnknown",
				     "Could not determine PID for '%.*s'", KBUS_NAME_MAX, name);
	else
		kbus_put_u32(&call->reply, info.pid);
	kbus_info_release(call->conn, &info);
	return r;
}

static void put_key(struct kbus_writer *w, const char *key, const char *type)
{
	kbus_put_struct(w);
	kbus_put_string(w, key);
	kbus_put_signature(w, type);
}

static int compare_groups(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The primary group and the others, each once, in order. */
static int put_groups(struct kbus_writer *w, const struct kbus_info *info)
{
	uint32_t *groups;
	size_t n = 0, i;

	groups = malloc((info->n_groups + 1) * sizeof(*groups));
	if (!groups)
		return -ENOMEM;
	groups[n++] = info->gid;
	for (i = 0; i < info->n_groups; i++)
		groups[n++] = info->groups[i];
	qsort(groups, n, sizeof(*groups), compare_groups);
	put_key(w, "UnixGroupIDs", "au");
	kbus_put_array_open(w, 'u');
	for (i = 0; i < n; i++)
		if (i == 0 || groups[i] != groups[i - 1])
			kbus_put_u32(w, groups[i]);
	kbus_put_array_close(w);
	free(groups);
	return 0;
}

/*
 * A descriptor for the process. It may have ended and its number be another's by now, so look
 * whether the connection is still there: then it had the number all the time.
 */
static void add_process_fd(struct kbus_driver_call *call, const struct kbus_info *info)
{
	struct kbus_info again;
	int fd;

	if (!call->conn->wants_fds || info->flags & KDBUS_HELLO_ACTIVATOR)
		return;
	fd = syscall(SYS_pidfd_open, (pid_t)info->pid, 0);
	if (fd < 0)
		return;
	if (kbus_info_of_id(call->conn, info->id, KDBUS_ATTACH_PIDS, &again) < 0) {
		close(fd);
		return;
	}
	kbus_info_release(call->conn, &again);
	put_key(&call->reply, "ProcessFD", "h");
	kbus_put_u32(&call->reply, call->n_fds);
	call->fds[call->n_fds++] = fd;
}

static void put_label(struct kbus_writer *w, const char *label)
{
	put_key(w, "LinuxSecurityLabel", "ay");
	kbus_put_array_open(w, 'y');
	/* With its NUL, as the specification wants it. */
	kbus_put_bytes(w, label, strlen(label) + 1);
	kbus_put_array_close(w);
}

/**
 * kbus_driver_get_credentials() - GetConnectionCredentials: all that is known
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_get_credentials(struct kbus_driver_call *call)
{
	struct kbus_info info;
	const char *name;
	int r;

	r = find_client(call, &name, &info);
	if (r < 0)
		return r;
	kbus_put_array_open(&call->reply, '{');
	if (info.uid != UINT64_MAX) {
		put_key(&call->reply, "UnixUserID", "u");
		kbus_put_u32(&call->reply, info.uid);
	}
	if (info.gid != UINT64_MAX && info.groups)
		r = put_groups(&call->reply, &info);
	if (info.pid) {
		put_key(&call->reply, "ProcessID", "u");
		kbus_put_u32(&call->reply, info.pid);
		/* Who made the bus may be long gone. */
		if (strcmp(name, KBUS_DRIVER_NAME) != 0)
			add_process_fd(call, &info);
	}
	if (info.seclabel)
		put_label(&call->reply, info.seclabel);
	kbus_put_array_close(&call->reply);
	kbus_info_release(call->conn, &info);
	return r;
}

/**
 * kbus_driver_get_audit() - GetAdtAuditSessionData: Linux has none
 * @call: the call
 *
 * Return: -errno.
 */
int kbus_driver_get_audit(struct kbus_driver_call *call)
{
	struct kbus_info info;
	const char *name;
	int r;

	r = find_client(call, &name, &info);
	if (r < 0)
		return r;
	kbus_info_release(call->conn, &info);
	return kbus_driver_fail(call, KBUS_ERROR_PREFIX "AdtAuditDataUnknown",
				"Could not determine audit session data for '%.*s'",
				KBUS_NAME_MAX, name);
}

/**
 * kbus_driver_get_selinux() - GetConnectionSELinuxSecurityContext
 * @call: the call
 *
 * Other security modules have labels too, but only SELinux mounts this file system.
 *
 * Return: 0 or -errno.
 */
int kbus_driver_get_selinux(struct kbus_driver_call *call)
{
	struct kbus_info info;
	const char *name;
	int r;

	r = find_client(call, &name, &info);
	if (r < 0)
		return r;
	if (!info.seclabel || access("/sys/fs/selinux/enforce", F_OK) < 0) {
		r = kbus_driver_fail(call, KBUS_ERROR_PREFIX "SELinuxSecurityContextUnknown",
				     "Could not determine security context for '%.*s'",
				     KBUS_NAME_MAX, name);
	} else {
		kbus_put_array_open(&call->reply, 'y');
		kbus_put_bytes(&call->reply, info.seclabel, strlen(info.seclabel));
		kbus_put_array_close(&call->reply);
	}
	kbus_info_release(call->conn, &info);
	return r;
}
