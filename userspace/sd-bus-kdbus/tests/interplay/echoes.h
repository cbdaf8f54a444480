/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * echoes.h - many calls in flight, and whether each got its own answer
 */
#ifndef KDBUS_INTERPLAY_ECHOES_H
#define KDBUS_INTERPLAY_ECHOES_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/**
 * struct echo - a call of Echo
 * @all: those that it is one of
 * @text: what is sent, and shall come back
 */
struct echo {
	struct echoes *all;
	char text[12];
};

/**
 * struct echoes - calls in flight
 * @n_left: not yet answered
 * @n_right: answered with their own text
 * @each: the calls
 */
struct echoes {
	unsigned int n_left, n_right;
	struct echo each[];
};

/* Owned by who asked; NULL when there is no memory. */
static inline struct echoes *echoes_new(unsigned int n)
{
	struct echoes *echoes = calloc(1, sizeof(*echoes) + n * sizeof(echoes->each[0]));
	unsigned int i;

	if (!echoes)
		return NULL;
	echoes->n_left = n;
	for (i = 0; i < n; i++) {
		echoes->each[i].all = echoes;
		snprintf(echoes->each[i].text, sizeof(echoes->each[i].text), "%u", i);
	}
	return echoes;
}

/* @text: what came back; NULL for an error. */
static inline void echo_answered(struct echo *echo, const char *text)
{
	echo->all->n_left--;
	if (text && strcmp(text, echo->text) == 0)
		echo->all->n_right++;
}

/*
 * How many had their own answer, 0 if not all came. Calls that are still in flight point to
 * @echoes: it is left to them then, for the short time that a test lives that has failed.
 */
static inline unsigned int echoes_end(struct echoes *echoes)
{
	unsigned int n_right = echoes->n_right;

	if (echoes->n_left > 0)
		return 0;
	free(echoes);
	return n_right;
}

#endif /* KDBUS_INTERPLAY_ECHOES_H */
