/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ctl.h - kdbusctl: look at buses of kdbus, and call what is on them
 */
#ifndef KDBUS_CTL_CTL_H
#define KDBUS_CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../core/build.h"
#include "../core/conn.h"

/* What all commands share; set once from the options. Strings are borrowed from the arguments. */
struct ctl {
	const char *domain;		/* where kdbus is mounted */
	char endpoint[4096];		/* of the bus in question */
	bool no_legend;
	bool show_unique, show_names, show_activatable;
	bool pcap;
	unsigned long limit;		/* messages, or rounds of top; 0: no end */
	unsigned long timeout_ms;	/* of a call */
	unsigned long interval_ms;	/* of top */
};

/* A command; @argv starts with the command's name. The result is the exit status. */
struct ctl_command {
	const char *name;
	int min, max;			/* arguments, without the name; max -1: any number */
	int (*run)(struct ctl *ctl, int argc, char **argv);
};

int ctl_list(struct ctl *ctl, int argc, char **argv);
int ctl_tree(struct ctl *ctl, int argc, char **argv);
int ctl_monitor(struct ctl *ctl, int argc, char **argv);
int ctl_top(struct ctl *ctl, int argc, char **argv);
int ctl_call(struct ctl *ctl, int argc, char **argv);

/* main.c */
int ctl_fail(const struct ctl *ctl, const char *what, int error);
struct kbus_conn *ctl_open(const struct ctl *ctl, uint64_t hello_flags, uint64_t attach);

/* value.c */
int value_print(FILE *file, const struct kbus_header *header, const void *body);

/* args.c */
int args_put(struct kbus_writer *writer, const char *signature, char **words, int n_words);

/* pcap.c */
int pcap_begin(FILE *file);
int pcap_write(FILE *file, const struct kbus_incoming *in);

/* unit.c */
void unit_of_cgroup(const char *cgroup, char *unit, size_t size);

#endif /* KDBUS_CTL_CTL_H */
