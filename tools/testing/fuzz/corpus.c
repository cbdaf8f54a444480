// SPDX-License-Identifier: LGPL-2.1-or-later
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "corpus.h"

#define ENTRIES	32768
#define TEXT	(96u << 20)

/**
 * struct corpus - in shared memory
 * @locked: somebody adds
 * @count: of entries; what is below can be read without a lock
 * @used: bytes of text
 * @start: where each entry starts
 * @text: of the entries, each with a NUL at its end
 */
static struct corpus {
	int locked;
	unsigned int count;
	unsigned int used;
	unsigned int start[ENTRIES];
	char text[TEXT];
} *corpus;

/* What was read from files: to be tried before it counts. */
static char **to_try;
static unsigned int n_to_try;

bool corpus_init(void)
{
	corpus = mmap(NULL, sizeof(*corpus), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return corpus != MAP_FAILED;
}

/* Lines "program ..." separate the programs of a file. */
bool corpus_read(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL, *at;
	size_t size = 0;

	if (!file)
		return false;
	if (getdelim(&text, &size, 0, file) > 0) {
		for (at = strstr(text, "program"); at; at = strstr(at, "\nprogram")) {
			at += strspn(at, "\n");
			at += strcspn(at, "\n");
			to_try = realloc(to_try, (n_to_try + 1) * sizeof(*to_try));
			to_try[n_to_try++] = at + (*at == '\n');
		}
	}
	fclose(file);
	return true;
}

unsigned int corpus_to_try(void)
{
	return n_to_try;
}

bool corpus_try(unsigned int number, struct prog *prog)
{
	return prog_parse(prog, to_try[number], NULL);
}

void corpus_add(const struct prog *prog)
{
	static char text[PROG_TEXT];
	size_t size = prog_print(prog, text, sizeof(text)) + 1;

	while (__atomic_exchange_n(&corpus->locked, 1, __ATOMIC_ACQUIRE))
		sched_yield();
	if (corpus->count < ENTRIES && corpus->used + size <= TEXT) {
		memcpy(corpus->text + corpus->used, text, size);
		corpus->start[corpus->count] = corpus->used;
		corpus->used += size;
		__atomic_store_n(&corpus->count, corpus->count + 1, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&corpus->locked, 0, __ATOMIC_RELEASE);
}

unsigned int corpus_count(void)
{
	return __atomic_load_n(&corpus->count, __ATOMIC_ACQUIRE);
}

bool corpus_get(unsigned int number, struct prog *prog)
{
	return prog_parse(prog, corpus->text + corpus->start[number], NULL);
}

bool corpus_write(const char *path)
{
	FILE *file = fopen(path, "we");
	unsigned int i, count = corpus_count();

	if (!file)
		return false;
	fprintf(file, "// SPDX-License-Identifier: LGPL-2.1-or-later\n");
	for (i = 0; i < count; i++)
		fprintf(file, "program %u\n%s", i, corpus->text + corpus->start[i]);
	return !fclose(file);
}
