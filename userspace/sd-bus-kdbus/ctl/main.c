// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * main.c - kdbusctl: options and commands
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../core/address.h"
#include "ctl.h"

#define DOMAIN_DEFAULT	"/dev/kdbus"

static const char usage[] =
"usage: kdbusctl [OPTION...] COMMAND [ARGUMENT...]\n"
"\n"
"  list                 names and connections: process, user, unit, description (the default)\n"
"  tree                 all buses of the domain with their endpoints and owners\n"
"  monitor [RULE...]    one line for each message that passes; with rules, those that match any\n"
"  top                  who sends and receives how much\n"
"  call SERVICE OBJECT INTERFACE METHOD [SIGNATURE ARGUMENT...]\n"
"                       call a method and print the answer; arguments as for busctl\n"
"\n"
"  --system             the bus 0-system (this is the default)\n"
"  --user               the bus <uid>-user\n"
"  --address=ADDRESS    a bus by its address, unix:path=..., or the path of an endpoint\n"
"  --domain=DIR         where kdbus is mounted (" DOMAIN_DEFAULT ")\n"
"  --names, --unique, --activatable   list only these\n"
"  --no-legend          no headings\n"
"  --pcap               monitor writes a capture file (link type D-Bus) to standard output\n"
"  --limit=N            end after N messages, or N rounds of top\n"
"  --interval=S         seconds between two rounds of top (1)\n"
"  --timeout=S          seconds that a call may take (25)\n"
"  --help, --version\n"
"\n"
"monitor and top want to be root or the owner of the bus.\n";

static const struct ctl_command commands[] = {
	{ "list", 0, 0, ctl_list },
	{ "tree", 0, 0, ctl_tree },
	{ "monitor", 0, -1, ctl_monitor },
	{ "top", 0, 0, ctl_top },
	{ "call", 4, -1, ctl_call },
};

/**
 * ctl_fail() - say what went wrong, and how to set it right where that is known
 * @ctl: options
 * @what: what was tried
 * @error: -errno
 *
 * Return: exit status.
 */
int ctl_fail(const struct ctl *ctl, const char *what, int error)
{
	char control[4200];

	fprintf(stderr, "kdbusctl: %s: %s\n", what, strerror(-error));
	snprintf(control, sizeof(control), "%s/control", ctl->domain);
	if (error == -ENOENT && access(control, F_OK) < 0) {
		if (access("/sys/module/kdbus", F_OK) < 0 && access("/sys/fs/kdbus", F_OK) < 0)
			fprintf(stderr, "  the kernel module is not loaded: modprobe kdbus "
				"(tools/install builds and installs it)\n");
		else
			fprintf(stderr, "  no domain is mounted: mkdir -p %s && mount -t kdbus "
				"kdbus %s\n", ctl->domain, ctl->domain);
	} else if (error == -ENOENT) {
		fprintf(stderr, "  there is no such bus; kdbus-busd makes one\n");
	} else if (error == -EPERM) {
		fprintf(stderr, "  only root and the owner of the bus may do this\n");
	}
	return EXIT_FAILURE;
}

/**
 * ctl_open() - connect to the bus that the options name
 * @ctl: options
 * @hello_flags: 0, or %KDBUS_HELLO_MONITOR
 * @attach: metadata wanted with messages
 *
 * Return: the connection, or NULL after the reason was told.
 */
struct kbus_conn *ctl_open(const struct ctl *ctl, uint64_t hello_flags, uint64_t attach)
{
	const struct kbus_options options = {
		.hello_flags = hello_flags,
		.attach_recv = attach,
		.description = "kdbusctl",
		.no_hello = true,
	};
	struct kbus_conn *conn;
	int r;

	r = kbus_conn_open(ctl->endpoint, &options, &conn);
	if (r < 0) {
		ctl_fail(ctl, ctl->endpoint, r);
		return NULL;
	}
	return conn;
}

static void bad_use(const char *text)
{
	fprintf(stderr, "kdbusctl: %s (see --help)\n", text);
	exit(2);
}

static unsigned long read_number(const char *text, unsigned long factor)
{
	char *end;
	double value = strtod(text, &end);

	if (end == text || *end || value < 0 || value > 1e9)
		bad_use("an option wants a number");
	return value * factor;
}

static void read_address(struct ctl *ctl, const char *text)
{
	if (text[0] == '/') {
		if (snprintf(ctl->endpoint, sizeof(ctl->endpoint), "%s", text) >=
		    (int)sizeof(ctl->endpoint))
			bad_use("the path is too long");
	} else if (kbus_address_next(&text, ctl->endpoint, sizeof(ctl->endpoint)) <= 0) {
		bad_use("the address has no unix:path=");
	}
}

/* Returns whether the bus of the user was asked for. */
static bool parse_options(struct ctl *ctl, int argc, char **argv)
{
	enum { ADDRESS = 256, DOMAIN, NAMES, UNIQUE, ACTIVATABLE, LEGEND, PCAP, LIMIT, INTERVAL,
	       TIMEOUT };
	static const struct option names[] = {
		{ "system", no_argument, NULL, 's' },
		{ "user", no_argument, NULL, 'u' },
		{ "address", required_argument, NULL, ADDRESS },
		{ "domain", required_argument, NULL, DOMAIN },
		{ "names", no_argument, NULL, NAMES },
		{ "unique", no_argument, NULL, UNIQUE },
		{ "activatable", no_argument, NULL, ACTIVATABLE },
		{ "no-legend", no_argument, NULL, LEGEND },
		{ "pcap", no_argument, NULL, PCAP },
		{ "limit", required_argument, NULL, LIMIT },
		{ "interval", required_argument, NULL, INTERVAL },
		{ "timeout", required_argument, NULL, TIMEOUT },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ 0 },
	};
	bool user = false;
	int option;

	/* What follows the command is the command's: arguments of a call may start with "-". */
	while ((option = getopt_long(argc, argv, "+", names, NULL)) >= 0) {
		switch (option) {
		case 's':
		case 'u':
			user = option == 'u';
			break;
		case ADDRESS:
			read_address(ctl, optarg);
			break;
		case DOMAIN:
			ctl->domain = optarg;
			break;
		case NAMES:
			ctl->show_names = true;
			break;
		case UNIQUE:
			ctl->show_unique = true;
			break;
		case ACTIVATABLE:
			ctl->show_activatable = true;
			break;
		case LEGEND:
			ctl->no_legend = true;
			break;
		case PCAP:
			ctl->pcap = true;
			break;
		case LIMIT:
			ctl->limit = read_number(optarg, 1);
			break;
		case INTERVAL:
			ctl->interval_ms = read_number(optarg, 1000);
			break;
		case TIMEOUT:
			ctl->timeout_ms = read_number(optarg, 1000);
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'v':
			puts("kdbusctl " KDBUS_VERSION);
			exit(0);
		default:
			exit(2);
		}
	}
	return user;
}

static void choose_bus(struct ctl *ctl, bool user)
{
	if (*ctl->endpoint)
		return;
	if (snprintf(ctl->endpoint, sizeof(ctl->endpoint), "%s/%u-%s/bus", ctl->domain,
		     user ? getuid() : 0, user ? "user" : "system") >= (int)sizeof(ctl->endpoint))
		bad_use("the path of the domain is too long");
}

int main(int argc, char **argv)
{
	struct ctl ctl = {
		.domain = DOMAIN_DEFAULT,
		.timeout_ms = 25000,
		.interval_ms = 1000,
	};
	static char *list[] = { "list", NULL };
	const struct ctl_command *command;
	int n;

	choose_bus(&ctl, parse_options(&ctl, argc, argv));
	argv += optind;
	argc -= optind;
	if (!argc) {
		argv = list;
		argc = 1;
	}
	for (command = commands; command < commands + sizeof(commands) / sizeof(*commands);
	     command++) {
		if (strcmp(command->name, argv[0]))
			continue;
		n = argc - 1;
		if (n < command->min || (command->max >= 0 && n > command->max))
			bad_use("wrong number of arguments");
		return command->run(&ctl, argc, argv);
	}
	bad_use("unknown command");
}
