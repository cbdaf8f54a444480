// SPDX-License-Identifier: LGPL-2.1-or-later
/* driver-object.c - what the bus has of any object: Peer, Introspectable, Properties */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver-call.h"
#include "signature.h"

/**
 * kbus_driver_ping() - Ping
 * @call: the call
 *
 * Return: 0.
 */
int kbus_driver_ping(struct kbus_driver_call *call)
{
	(void)call;
	return 0;
}

/* 32 hex digits, and nothing behind them but a newline. */
static bool read_machine_id(const char *path, char id[33])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, id, 33);
	close(fd);
	if (n < 32 || (n == 33 && id[32] != '\n'))
		return false;
	id[32] = '\0';
	return strspn(id, "0123456789abcdef") == 32;
}

/**
 * kbus_driver_get_machine_id() - GetMachineId
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_get_machine_id(struct kbus_driver_call *call)
{
	char id[33];

	if (!read_machine_id("/etc/machine-id", id) &&
	    !read_machine_id("/var/lib/dbus/machine-id", id))
		return kbus_driver_fail(call, KBUS_ERROR_PREFIX "FileNotFound",
					"This machine has no /etc/machine-id");
	kbus_put_string(&call->reply, id);
	return 0;
}

static void print_args(FILE *out, const char *types, const char *direction)
{
	size_t size;

	for (; *types; types += size) {
		size = kbus_type_length(types);
		fprintf(out, "   <arg%s type=\"%.*s\"/>\n", direction, (int)size, types);
	}
}

static void print_method(FILE *out, const struct kbus_driver_method *m)
{
	fprintf(out, "  <method name=\"%s\">\n", m->member);
	print_args(out, m->in, " direction=\"in\"");
	print_args(out, m->out, " direction=\"out\"");
	fputs("  </method>\n", out);
}

static void print_bus(FILE *out)
{
	const struct kbus_driver_signal *s;

	for (s = kbus_driver_signals; s->member; s++) {
		fprintf(out, "  <signal name=\"%s\">\n", s->member);
		print_args(out, s->types, "");
		fputs("  </signal>\n", out);
	}
	fputs("  <property name=\"Features\" type=\"as\" access=\"read\">\n"
	      "   <annotation name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" "
	      "value=\"const\"/>\n"
	      "  </property>\n"
	      "  <property name=\"Interfaces\" type=\"as\" access=\"read\">\n"
	      "   <annotation name=\"org.freedesktop.DBus.Property.EmitsChangedSignal\" "
	      "value=\"const\"/>\n"
	      "  </property>\n", out);
}

/* Methods of an interface follow each other in the table. */
static void print_interfaces(FILE *out)
{
	const struct kbus_driver_method *m = kbus_driver_methods;
	const char *interface;

	while (m->member) {
		interface = m->interface;
		fprintf(out, " <interface name=\"%s\">\n", interface);
		for (; m->member && strcmp(m->interface, interface) == 0; m++)
			print_method(out, m);
		if (strcmp(interface, KBUS_DRIVER_INTERFACE) == 0)
			print_bus(out);
		fputs(" </interface>\n", out);
	}
}

/* The element of the bus's path that comes after @path, or NULL if it is not on the way. */
static const char *next_element(const char *path, size_t *ret_size)
{
	const size_t size = strcmp(path, "/") == 0 ? 0 : strlen(path);
	const char *rest;

	if (strncmp(KBUS_DRIVER_PATH, path, size) != 0 || KBUS_DRIVER_PATH[size] != '/')
		return NULL;
	rest = KBUS_DRIVER_PATH + size + 1;
	*ret_size = strcspn(rest, "/");
	return rest;
}

/**
 * kbus_driver_introspect() - Introspect
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_introspect(struct kbus_driver_call *call)
{
	const char *element;
	char *text = NULL;
	size_t size;
	FILE *out;

	out = open_memstream(&text, &size);
	if (!out)
		return -ENOMEM;
	fputs("<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
	      "\"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n<node>\n", out);
	element = next_element(call->header->path, &size);
	if (element)
		fprintf(out, " <node name=\"%.*s\"/>\n", (int)size, element);
	else if (strcmp(call->header->path, KBUS_DRIVER_PATH) == 0)
		print_interfaces(out);
	fputs("</node>\n", out);
	if (fclose(out) != 0) {
		free(text);
		return -ENOMEM;
	}
	kbus_put_string(&call->reply, text);
	free(text);
	return 0;
}

static void put_features(struct kbus_writer *w)
{
	kbus_put_array_open(w, 's');
	kbus_put_string(w, "HeaderFiltering");
	kbus_put_array_close(w);
}

/* Interfaces of the bus beyond those that every bus has. */
static void put_interfaces(struct kbus_writer *w)
{
	kbus_put_array_open(w, 's');
	kbus_put_string(w, KBUS_INTERFACE_MONITORING);
	kbus_put_array_close(w);
}

static const struct {
	const char *name;
	void (*put)(struct kbus_writer *writer);
} properties[] = {
	{ "Features", put_features },
	{ "Interfaces", put_interfaces },
};

#define N_PROPERTIES	(sizeof(properties) / sizeof(properties[0]))

/* Is this an interface of the bus? The empty one stands for any. */
static int check_interface(struct kbus_driver_call *call, const char *interface)
{
	const struct kbus_driver_method *m;

	for (m = kbus_driver_methods; m->member; m++)
		if (strcmp(m->interface, interface) == 0 || !*interface)
			return 0;
	return kbus_driver_fail(call, KBUS_ERROR_PREFIX "UnknownInterface",
				"The bus has no interface \"%.*s\"", KBUS_NAME_MAX, interface);
}

static bool has_properties(const char *interface)
{
	return !*interface || strcmp(interface, KBUS_DRIVER_INTERFACE) == 0;
}

/* Reads interface and name of a property; which one it is, or -errno. */
static int find_property(struct kbus_driver_call *call)
{
	const char *interface, *name;
	size_t i;
	int r;

	r = kbus_read_string(&call->args, &interface, NULL);
	r = r ?: kbus_read_string(&call->args, &name, NULL);
	r = r ?: check_interface(call, interface);
	if (r < 0)
		return r;
	for (i = 0; has_properties(interface) && i < N_PROPERTIES; i++)
		if (strcmp(properties[i].name, name) == 0)
			return i;
	return kbus_driver_fail(call, KBUS_ERROR_PREFIX "UnknownProperty",
				"The bus has no property \"%.*s\"", KBUS_NAME_MAX, name);
}

/**
 * kbus_driver_property_get() - Get
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_property_get(struct kbus_driver_call *call)
{
	int r = find_property(call);

	if (r < 0)
		return r;
	kbus_put_signature(&call->reply, "as");
	properties[r].put(&call->reply);
	return 0;
}

/**
 * kbus_driver_property_get_all() - GetAll
 * @call: the call
 *
 * Return: 0 or -errno.
 */
int kbus_driver_property_get_all(struct kbus_driver_call *call)
{
	const char *interface;
	size_t i;
	int r;

	r = kbus_read_string(&call->args, &interface, NULL);
	r = r ?: check_interface(call, interface);
	if (r < 0)
		return r;
	kbus_put_array_open(&call->reply, '{');
	for (i = 0; has_properties(interface) && i < N_PROPERTIES; i++) {
		kbus_put_struct(&call->reply);
		kbus_put_string(&call->reply, properties[i].name);
		kbus_put_signature(&call->reply, "as");
		properties[i].put(&call->reply);
	}
	kbus_put_array_close(&call->reply);
	return 0;
}

/**
 * kbus_driver_property_set() - Set: no property can be
 * @call: the call
 *
 * Return: -errno.
 */
int kbus_driver_property_set(struct kbus_driver_call *call)
{
	int r = find_property(call);

	if (r < 0)
		return r;
	return kbus_driver_fail(call, KBUS_ERROR_PREFIX "PropertyReadOnly",
				"Property \"%s\" cannot be set", properties[r].name);
}
