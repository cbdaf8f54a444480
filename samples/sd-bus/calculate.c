// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * calculate.c - the client of calculator.c: calls, an error, a property, and the signal
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#define CALCULATOR_NAME		"org.example.Calculator"
#define CALCULATOR_PATH		"/org/example/Calculator"
#define CALCULATOR_INTERFACE	"org.example.Calculator"

static int on_calculated(sd_bus_message *signal, void *userdata, sd_bus_error *error)
{
	bool *heard = userdata;
	const char *method;
	int64_t result;
	int r;

	(void)error;
	r = sd_bus_message_read(signal, "sx", &method, &result);
	if (r < 0)
		return r;
	printf("signal: %s gave %" PRId64 "\n", method, result);
	*heard = true;
	return 0;
}

static int call(sd_bus *bus, const char *method, int64_t a, int64_t b)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	int64_t result;
	int r;

	r = sd_bus_call_method(bus, CALCULATOR_NAME, CALCULATOR_PATH, CALCULATOR_INTERFACE, method,
			       &error, &reply, "xx", a, b);
	if (r < 0) {
		printf("%s(%" PRId64 ", %" PRId64 "): %s: %s\n", method, a, b,
		       error.name ? error.name : "failed",
		       error.message ? error.message : strerror(-r));
	} else {
		r = sd_bus_message_read(reply, "x", &result);
		if (r >= 0)
			printf("%s(%" PRId64 ", %" PRId64 ") = %" PRId64 "\n", method, a, b,
			       result);
	}
	sd_bus_error_free(&error);
	sd_bus_message_unref(reply);
	return r;
}

static int show_property(sd_bus *bus)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	uint32_t n;
	int r;

	r = sd_bus_get_property_trivial(bus, CALCULATOR_NAME, CALCULATOR_PATH,
					CALCULATOR_INTERFACE, "Calculations", &error, 'u', &n);
	if (r >= 0)
		printf("property: %" PRIu32 " calculations\n", n);
	sd_bus_error_free(&error);
	return r;
}

static int run(sd_bus *bus)
{
	bool heard = false;
	int r;

	r = sd_bus_match_signal(bus, NULL, CALCULATOR_NAME, CALCULATOR_PATH, CALCULATOR_INTERFACE,
				"Calculated", on_calculated, &heard);
	if (r >= 0)
		r = call(bus, "Add", 40, 2);
	while (r >= 0 && !heard) {
		r = sd_bus_process(bus, NULL);
		if (r == 0)
			r = sd_bus_wait(bus, 5000000);
		else if (r > 0)
			continue;
		if (r == 0)
			r = -ETIMEDOUT;
	}
	/* This one is meant to fail. */
	if (r >= 0 && call(bus, "Divide", 1, 0) >= 0)
		r = -EPROTO;
	return r < 0 ? r : show_property(bus);
}

int main(int argc, char **argv)
{
	sd_bus *bus = NULL;
	int r;

	if (argc > 1 && !strcmp(argv[1], "--system"))
		r = sd_bus_open_system(&bus);
	else
		r = sd_bus_open_user(&bus);
	if (r >= 0)
		r = run(bus);
	if (r < 0)
		fprintf(stderr, "calculate: %s\n", strerror(-r));
	sd_bus_flush_close_unref(bus);
	return r < 0;
}
