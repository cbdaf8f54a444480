// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * service-sdbus.c - the service of the tests, by libsystemd
 */
#include <stdlib.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "service.h"

static char *property_value;

static int echo(sd_bus_message *m, void *context, sd_bus_error *error)
{
	const char *text;
	int r = sd_bus_message_read(m, "s", &text);

	(void)context;
	(void)error;
	return r < 0 ? r : sd_bus_reply_method_return(m, "s", text);
}

static int echo_bytes(sd_bus_message *m, void *context, sd_bus_error *error)
{
	sd_bus_message *reply = NULL;
	const void *data;
	size_t size;
	int r;

	(void)context;
	(void)error;
	r = sd_bus_message_read_array(m, 'y', &data, &size);
	if (r >= 0)
		r = sd_bus_message_new_method_return(m, &reply);
	if (r >= 0)
		r = sd_bus_message_append_array(reply, 'y', data, size);
	if (r >= 0)
		r = sd_bus_send(NULL, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static int fail(sd_bus_message *m, void *context, sd_bus_error *error)
{
	const char *text;
	int r = sd_bus_message_read(m, "s", &text);

	(void)context;
	return r < 0 ? r : sd_bus_error_setf(error, SERVICE_ERROR, "%s", text);
}

static int read_fd(sd_bus_message *m, void *context, sd_bus_error *error)
{
	char text[256];
	int fd, r;

	(void)context;
	(void)error;
	r = sd_bus_message_read(m, "h", &fd);
	if (r < 0)
		return r;
	text_of_fd(fd, text, sizeof(text));
	return sd_bus_reply_method_return(m, "s", text);
}

static int give_fd(sd_bus_message *m, void *context, sd_bus_error *error)
{
	const char *text;
	int fd, r;

	(void)context;
	(void)error;
	r = sd_bus_message_read(m, "s", &text);
	if (r < 0)
		return r;
	fd = fd_of_text(text);
	r = sd_bus_reply_method_return(m, "h", fd);
	close(fd);
	return r;
}

static int emit(sd_bus_message *m, void *context, sd_bus_error *error)
{
	const char *text;
	int r = sd_bus_message_read(m, "s", &text);

	(void)context;
	(void)error;
	if (r >= 0)
		r = sd_bus_emit_signal(sd_bus_message_get_bus(m), SERVICE_PATH, SERVICE_INTERFACE,
				       "Happened", "s", text);
	return r < 0 ? r : sd_bus_reply_method_return(m, NULL);
}

static int sender(sd_bus_message *m, void *context, sd_bus_error *error)
{
	(void)context;
	(void)error;
	return sd_bus_reply_method_return(m, "s", sd_bus_message_get_sender(m));
}

static int never(sd_bus_message *m, void *context, sd_bus_error *error)
{
	(void)m;
	(void)context;
	(void)error;
	return 1;
}

static int die(sd_bus_message *m, void *context, sd_bus_error *error)
{
	(void)m;
	(void)context;
	(void)error;
	_exit(0);
}

static int get_value(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *reply, void *context, sd_bus_error *error)
{
	(void)bus, (void)path, (void)interface, (void)property, (void)context, (void)error;
	return sd_bus_message_append(reply, "s", property_value);
}

static int set_value(sd_bus *bus, const char *path, const char *interface, const char *property,
		     sd_bus_message *value, void *context, sd_bus_error *error)
{
	const char *text;
	int r = sd_bus_message_read(value, "s", &text);

	(void)context, (void)error;
	if (r < 0)
		return r;
	free(property_value);
	property_value = strdup(text);
	return sd_bus_emit_properties_changed(bus, path, interface, property, NULL);
}

static const sd_bus_vtable vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Echo", "s", "s", echo, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("EchoBytes", "ay", "ay", echo_bytes, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Fail", "s", "", fail, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("ReadFd", "h", "s", read_fd, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("GiveFd", "s", "h", give_fd, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Emit", "s", "", emit, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Sender", "", "s", sender, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Never", "", "", never, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Die", "", "", die, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_WRITABLE_PROPERTY("Value", "s", get_value, set_value, 0,
				 SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE | SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_SIGNAL("Happened", "s", 0),
	SD_BUS_VTABLE_END
};

int main(int argc, char **argv)
{
	sd_event *event = NULL;
	sd_bus *bus = NULL;
	int r;

	property_value = strdup("first");
	r = argc == 2 ? sd_event_default(&event) : -1;
	if (r >= 0)
		r = sd_bus_open_system(&bus);
	if (r >= 0)
		r = sd_bus_add_object_vtable(bus, NULL, SERVICE_PATH, SERVICE_INTERFACE, vtable,
					     NULL);
	if (r >= 0)
		r = sd_bus_request_name(bus, argv[1], 0);
	if (r >= 0)
		r = sd_bus_attach_event(bus, event, 0);
	if (r < 0) {
		fprintf(stderr, "service-sdbus: %s\n", strerror(-r));
		return 1;
	}
	service_is_ready();
	r = sd_event_loop(event);
	fprintf(stderr, "service-sdbus: the loop ended: %d\n", r);
	return 1;
}
