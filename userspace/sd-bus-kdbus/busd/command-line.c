// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * command-line.c - split the command line of a .service file as a shell splits words: blanks
 * separate, quotes and backslashes protect. Nothing is expanded.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "service-file.h"

/* Read one word at *@at into @word, which has room for all that is left. */
static int read_word(const char **at, char *word)
{
	const char *c = *at;
	char quote = 0;

	for (; *c && (quote || !strchr(" \t\n", *c)); c++) {
		if (*c == quote && quote) {
			quote = 0;
		} else if (!quote && (*c == '"' || *c == '\'')) {
			quote = *c;
		} else if (*c == '\\' && quote != '\'') {
			/* Between double quotes a backslash protects only what is special there. */
			if (!c[1])
				return -EBADMSG;
			if (quote && !strchr("\"\\$`", c[1]))
				*word++ = '\\';
			*word++ = *++c;
		} else {
			*word++ = *c;
		}
	}
	*word = '\0';
	*at = c;
	return quote ? -EBADMSG : 0;
}

/**
 * command_line_split() - split a command line into words
 * @line: the command line
 * @argv: on success set to an array that ends with NULL; command_line_free() it
 *
 * Return: number of words (at least 1), -EBADMSG for an open quote, a backslash at the end or no
 * word at all, or -ENOMEM.
 */
int command_line_split(const char *line, char ***argv)
{
	size_t length = strlen(line), n = 0;
	char **words, *word;
	int r = 0;

	/* Two words need three bytes, so this is room for all, their end, and the terminator. */
	words = calloc(length / 2 + 2, sizeof(*words));
	word = malloc(length + 1);
	if (!words || !word)
		r = -ENOMEM;
	while (!r) {
		line += strspn(line, " \t\n");
		if (!*line)
			break;
		r = read_word(&line, word);
		if (!r) {
			words[n] = strdup(word);
			r = words[n++] ? 0 : -ENOMEM;
		}
	}
	free(word);
	if (!r && !n)
		r = -EBADMSG;
	if (r) {
		command_line_free(words);
		return r;
	}
	*argv = words;
	return n;
}

/**
 * command_line_free() - free what command_line_split() made
 * @argv: the array, or NULL
 */
void command_line_free(char **argv)
{
	char **word;

	for (word = argv; word && *word; word++)
		free(*word);
	free(argv);
}
