// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * calculator.c - a service with sd-bus: methods, an error, a property that tells of its changes,
 * and a signal
 *
 * Nothing in here knows kdbus. Which bus it is on says its address:
 *
 *	kdbus-run ./sd-bus-calculator			a bus in the kernel
 *	./sd-bus-calculator				a socket, as ever
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#define CALCULATOR_NAME		"org.example.Calculator"
#define CALCULATOR_PATH		"/org/example/Calculator"
#define CALCULATOR_INTERFACE	"org.example.Calculator"

/* What the service remembers; the object's property reads it where it lies. */
struct calculator {
	uint32_t n_calculations;
};

/* Tell everybody who listens what was calculated, and that the property has changed. */
static int finish(sd_bus_message *call, struct calculator *calculator, int64_t result)
{
	sd_bus *bus = sd_bus_message_get_bus(call);
	int r;

	calculator->n_calculations++;
	r = sd_bus_reply_method_return(call, "x", result);
	if (r < 0)
		return r;
	r = sd_bus_emit_signal(bus, CALCULATOR_PATH, CALCULATOR_INTERFACE, "Calculated", "sx",
			       sd_bus_message_get_member(call), result);
	if (r < 0)
		return r;
	return sd_bus_emit_properties_changed(bus, CALCULATOR_PATH, CALCULATOR_INTERFACE,
					      "Calculations", NULL);
}

static int read_operands(sd_bus_message *call, int64_t *a, int64_t *b)
{
	return sd_bus_message_read(call, "xx", a, b);
}

static int method_add(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	int64_t a, b, result;
	int r;

	r = read_operands(call, &a, &b);
	if (r < 0)
		return r;
	if (__builtin_add_overflow(a, b, &result))
		return sd_bus_error_set(error, CALCULATOR_INTERFACE ".Error.Overflow",
					"The sum is too large");
	return finish(call, userdata, result);
}

static int method_divide(sd_bus_message *call, void *userdata, sd_bus_error *error)
{
	int64_t a, b;
	int r;

	r = read_operands(call, &a, &b);
	if (r < 0)
		return r;
	if (b == 0)
		return sd_bus_error_set(error, CALCULATOR_INTERFACE ".Error.DivisionByZero",
					"Nothing can be divided by 0");
	if (a == INT64_MIN && b == -1)
		return sd_bus_error_set(error, CALCULATOR_INTERFACE ".Error.Overflow",
					"The quotient is too large");
	return finish(call, userdata, a / b);
}

static const sd_bus_vtable calculator_vtable[] = {
	SD_BUS_VTABLE_START(0),
	SD_BUS_METHOD("Add", "xx", "x", method_add, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_METHOD("Divide", "xx", "x", method_divide, SD_BUS_VTABLE_UNPRIVILEGED),
	SD_BUS_PROPERTY("Calculations", "u", NULL, offsetof(struct calculator, n_calculations),
			SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
	SD_BUS_SIGNAL("Calculated", "sx", 0),
	SD_BUS_VTABLE_END
};

static int run(sd_bus *bus, struct calculator *calculator)
{
	sd_event *event = NULL;
	int r;

	r = sd_bus_add_object_vtable(bus, NULL, CALCULATOR_PATH, CALCULATOR_INTERFACE,
				     calculator_vtable, calculator);
	if (r >= 0)
		r = sd_event_default(&event);
	if (r >= 0)
		r = sd_bus_attach_event(bus, event, 0);
	/* Last: who sees the name may call at once. */
	if (r >= 0)
		r = sd_bus_request_name(bus, CALCULATOR_NAME, 0);
	if (r >= 0)
		r = sd_event_loop(event);
	sd_event_unref(event);
	return r;
}

int main(int argc, char **argv)
{
	struct calculator calculator = { 0 };
	sd_bus *bus = NULL;
	int r;

	if (argc > 1 && !strcmp(argv[1], "--system"))
		r = sd_bus_open_system(&bus);
	else
		r = sd_bus_open_user(&bus);
	if (r >= 0)
		r = run(bus, &calculator);
	if (r < 0)
		fprintf(stderr, "calculator: %s\n", strerror(-r));
	sd_bus_flush_close_unref(bus);
	return r < 0;
}
