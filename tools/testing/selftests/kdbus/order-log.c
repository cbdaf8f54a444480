// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Could what was received have come out of one queue?
 *
 * Two checks, because there are two promises.
 *
 * Agreement, and causality along chains of messages: each connection's receipts, in
 * their order, and each "received this, then sent that" are the edges of a graph of
 * messages.  If it has no cycle, the messages can be written down in one row that all
 * connections have seen a part of, in which every message stands behind all that its
 * sender had received: that is what "as if there were one queue" says.  If it has a
 * cycle, there is no such row.  So this is neither too strict nor too lax, and it also
 * sees three receivers that agree in pairs but not together.
 *
 * Causality by time: at each receiver nothing may stand in front of a message that was
 * known when its own SEND had not begun.  For each receipt it is enough to look at the
 * smallest such time behind it.
 */
#include "order-log.h"

#define NEVER		(~0ULL)
#define FIRST_EVENTS	1024

int order_begin(struct order_run *run, size_t max_messages, size_t max_logs)
{
	memset(run, 0, sizeof(*run));
	run->max = max_messages;
	run->max_logs = max_logs;
	run->messages = calloc(max_messages, sizeof(*run->messages));
	run->logs = calloc(max_logs, sizeof(*run->logs));
	if (run->messages && run->logs)
		return 0;
	order_end(run);
	return -ENOMEM;
}

void order_end(struct order_run *run)
{
	size_t i;

	for (i = 0; run->logs && i < run->max_logs; i++)
		free(run->logs[i].events);
	free(run->logs);
	free(run->messages);
	memset(run, 0, sizeof(*run));
}

void order_reset(struct order_run *run)
{
	size_t i;

	for (i = 0; i < run->n_logs; i++)
		run->logs[i].n = 0;
	run->n_logs = 0;
	run->n = 0;
}

/* The next number below @max. */
static __s64 draw(size_t *n, size_t max)
{
	size_t seen = __atomic_load_n(n, __ATOMIC_RELAXED);

	do {
		if (seen == max)
			return -1;
	} while (!__atomic_compare_exchange_n(n, &seen, seen + 1, false, __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return seen;
}

__s64 order_message_new(struct order_run *run, __u32 to)
{
	__s64 number = draw(&run->n, run->max);

	if (number >= 0)
		run->messages[number] = (struct order_message) { .end = NEVER, .to = to };
	return number;
}

__s64 order_log_new(struct order_run *run, bool receives)
{
	__s64 number = draw(&run->n_logs, run->max_logs);

	if (number >= 0) {
		run->logs[number].receives = receives;
		run->logs[number].whole = false;
		run->logs[number].lost = 0;
	}
	return number;
}

__u64 order_now(struct order_run *run)
{
	return __atomic_add_fetch(&run->clock, 1, __ATOMIC_SEQ_CST);
}

int order_note(struct order_run *run, __u64 number, enum order_kind kind, __u64 what)
{
	struct order_log *log = &run->logs[number];
	struct order_event *events;
	size_t max;

	if (log->n == log->max) {
		max = log->max ? 2 * log->max : FIRST_EVENTS;
		events = realloc(log->events, max * sizeof(*events));
		if (!events)
			return -ENOMEM;
		log->events = events;
		log->max = max;
	}
	log->events[log->n++] = (struct order_event) { order_now(run), what, kind };
	return 0;
}

/* ---- notifications get numbers behind those of the messages ---- */

/*
 * @notes: their sequence numbers, ascending
 * @position: of each message and notification in the log that is looked at, from 1
 * @head: where the edges of each vertex begin
 * @edges: vertices that have to come later
 * @degree: how many have to come before each
 */
struct graph {
	const struct order_run *run;
	__u64 *notes;
	size_t n_notes;
	size_t n_vertices;
	size_t n_edges;
	__u32 *position;
	size_t *head;
	__u32 *edges;
	__u32 *degree;
	__u32 *ready;
};

static int compare_u64(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return (x > y) - (x < y);
}

static int graph_number_notes(struct graph *graph, size_t n_events)
{
	const struct order_run *run = graph->run;
	size_t i, j, n = 0;

	graph->notes = calloc(n_events + 1, sizeof(*graph->notes));
	if (!graph->notes)
		return -ENOMEM;
	for (i = 0; i < run->n_logs; i++)
		for (j = 0; j < run->logs[i].n; j++)
			if (run->logs[i].events[j].what & ORDER_NOTE)
				graph->notes[n++] = run->logs[i].events[j].what;
	qsort(graph->notes, n, sizeof(*graph->notes), compare_u64);
	for (i = 0; i < n; i++)
		if (!i || graph->notes[i] != graph->notes[i - 1])
			graph->notes[graph->n_notes++] = graph->notes[i];
	return 0;
}

static __u32 graph_vertex(const struct graph *graph, const struct order_event *event)
{
	const __u64 *note;

	if (!(event->what & ORDER_NOTE))
		return event->what;
	note = bsearch(&event->what, graph->notes, graph->n_notes, sizeof(*note), compare_u64);
	return graph->run->n + (note - graph->notes);
}

/* ---- agreement ---- */

/*
 * Call @fn for each edge.  What is received past the queue is in no row with what the
 * queue gives, so it goes into a vertex of its own that stands for "knows all replies so
 * far", and which is before what is sent from then on.
 */
static void graph_each_edge(struct graph *graph,
			    void (*fn)(struct graph *graph, __u32 from, __u32 to))
{
	const struct order_run *run = graph->run;
	__u32 spare = run->n + graph->n_notes;
	size_t i, j;

	for (i = 0; i < run->n_logs; i++) {
		__s64 got = -1, knows = -1;

		for (j = 0; j < run->logs[i].n; j++) {
			const struct order_event *event = &run->logs[i].events[j];
			__u32 vertex = graph_vertex(graph, event);

			if (event->kind == ORDER_ASIDE) {
				fn(graph, vertex, spare);
				if (knows >= 0)
					fn(graph, knows, spare);
				knows = spare++;
				continue;
			}
			if (got >= 0)
				fn(graph, got, vertex);
			if (event->kind == ORDER_GOT)
				got = vertex;
			else if (knows >= 0)
				fn(graph, knows, vertex);
		}
	}
}

static void edge_count(struct graph *graph, __u32 from, __u32 to)
{
	graph->head[from + 1]++;
	graph->degree[to]++;
	graph->n_edges++;
}

static void edge_enter(struct graph *graph, __u32 from, __u32 to)
{
	graph->edges[graph->head[from]++] = to;
}

/* Take away what nothing has to come before, until nothing is left, or only cycles are. */
static int graph_has_cycle(struct graph *graph, bool *cycle)
{
	size_t i, n_ready = 0, done;

	graph->head = calloc(graph->n_vertices + 2, sizeof(*graph->head));
	graph->degree = calloc(graph->n_vertices + 1, sizeof(*graph->degree));
	graph->ready = calloc(graph->n_vertices + 1, sizeof(*graph->ready));
	if (!graph->head || !graph->degree || !graph->ready)
		return -ENOMEM;
	graph_each_edge(graph, edge_count);
	graph->edges = calloc(graph->n_edges + 1, sizeof(*graph->edges));
	if (!graph->edges)
		return -ENOMEM;
	for (i = 0; i < graph->n_vertices; i++)
		graph->head[i + 1] += graph->head[i];
	graph_each_edge(graph, edge_enter);
	/* each head has moved to the end of its edges, where the next ones begin */
	for (i = 0; i < graph->n_vertices; i++)
		if (!graph->degree[i])
			graph->ready[n_ready++] = i;
	for (done = 0; done < n_ready; done++) {
		__u32 vertex = graph->ready[done];
		size_t edge = vertex ? graph->head[vertex - 1] : 0;

		for (; edge < graph->head[vertex]; edge++)
			if (!--graph->degree[graph->edges[edge]])
				graph->ready[n_ready++] = graph->edges[edge];
	}
	*cycle = n_ready < graph->n_vertices;
	return 0;
}

/* Write down the first thing that is wrong. */
static void complain(struct order_verdict *verdict, const char *what, size_t log, __u64 first,
		     __u64 second)
{
	if (!verdict->first[0])
		snprintf(verdict->first, sizeof(verdict->first), "log %zu: %s: %llx, then %llx",
			 log, what, (unsigned long long)first, (unsigned long long)second);
}

/* How much two receivers differ; only for the report. */
static void count_disagreements(struct graph *graph, size_t one, size_t other,
				struct order_verdict *verdict)
{
	const struct order_log *logs = graph->run->logs;
	const struct order_event *event;
	__u32 last = 0, at;
	__u64 before = 0;
	size_t i, n = 0;

	memset(graph->position, 0, graph->n_vertices * sizeof(*graph->position));
	for (i = 0; i < logs[one].n; i++)
		if (logs[one].events[i].kind == ORDER_GOT)
			graph->position[graph_vertex(graph, &logs[one].events[i])] = ++n;
	for (i = 0; i < logs[other].n; i++) {
		event = &logs[other].events[i];
		at = event->kind == ORDER_GOT ? graph->position[graph_vertex(graph, event)] : 0;
		if (!at)
			continue;
		if (at < last) {
			verdict->disagreements++;
			complain(verdict, "other order than somebody else", other, before,
				 event->what);
		}
		last = at;
		before = event->what;
	}
}

/* ---- causality by time ---- */

static void learn_who_knew(struct graph *graph, __u64 *notes_known)
{
	const struct order_run *run = graph->run;
	size_t i, j;

	for (i = 0; i < run->n; i++)
		run->messages[i].known = run->messages[i].end;
	for (i = 0; i < graph->n_notes; i++)
		notes_known[i] = NEVER;
	for (i = 0; i < run->n_logs; i++) {
		for (j = 0; j < run->logs[i].n; j++) {
			const struct order_event *event = &run->logs[i].events[j];
			__u32 vertex = graph_vertex(graph, event);
			__u64 *known = vertex < run->n ? &run->messages[vertex].known :
							 &notes_known[vertex - run->n];

			if (event->kind != ORDER_SENT && event->time < *known)
				*known = event->time;
		}
	}
}

/* Walk back through the receipts of one connection. */
static void check_times(const struct graph *graph, size_t number, const __u64 *notes_known,
			struct order_verdict *verdict)
{
	const struct order_run *run = graph->run;
	const struct order_log *log = &run->logs[number];
	__u64 first_end = NEVER, first_known = NEVER, ended = 0, known = 0;
	size_t i;

	for (i = log->n; i--;) {
		const struct order_event *event = &log->events[i];
		__u32 vertex = graph_vertex(graph, event);
		const struct order_message *message;

		if (event->kind != ORDER_GOT)
			continue;
		verdict->receipts++;
		if (vertex >= run->n) {
			if (notes_known[vertex - run->n] < first_known) {
				first_known = notes_known[vertex - run->n];
				known = event->what;
			}
			continue;
		}
		message = &run->messages[vertex];
		if (first_end < message->begin) {
			verdict->overtaken++;
			complain(verdict, "overtook one that had been sent", number, event->what,
				 ended);
		}
		if (first_known < message->begin) {
			verdict->foretold++;
			complain(verdict, "overtook one that was known", number, event->what,
				 known);
		}
		/* what moves with a name is put behind what its new owner has */
		if (message->to == ORDER_TO_MOVED)
			continue;
		if (message->end < first_end) {
			first_end = message->end;
			ended = event->what;
		}
		if (message->known < first_known) {
			first_known = message->known;
			known = event->what;
		}
	}
}

/* ---- once, and no less ---- */

static void check_complete(struct graph *graph, size_t number, struct order_verdict *verdict)
{
	const struct order_run *run = graph->run;
	const struct order_log *log = &run->logs[number];
	__u64 missing = 0;
	size_t i;

	memset(graph->position, 0, graph->n_vertices * sizeof(*graph->position));
	for (i = 0; i < log->n; i++) {
		if (log->events[i].kind != ORDER_GOT)
			continue;
		if (graph->position[graph_vertex(graph, &log->events[i])]++) {
			verdict->doubled++;
			complain(verdict, "twice", number, log->events[i].what, 0);
		}
	}
	if (!log->receives || !log->whole)
		return;
	for (i = 0; i < run->n; i++) {
		const struct order_message *message = &run->messages[i];

		if (message->end == NEVER || graph->position[i])
			continue;
		if (message->to == number) {
			verdict->missing++;
			complain(verdict, "missing", number, i, 0);
		} else if (message->to == ORDER_TO_ALL) {
			missing++;
		}
	}
	if (missing > log->lost) {
		verdict->missing += missing - log->lost;
		complain(verdict, "broadcasts missing, and lost", number, missing, log->lost);
	}
}

static int graph_judge(struct graph *graph, struct order_verdict *verdict)
{
	const struct order_run *run = graph->run;
	__u64 *notes_known;
	size_t i, j;
	int ret;

	notes_known = calloc(graph->n_notes + 1, sizeof(*notes_known));
	graph->position = calloc(graph->n_vertices + 1, sizeof(*graph->position));
	ret = notes_known && graph->position ? graph_has_cycle(graph, &verdict->cycle) : -ENOMEM;
	if (ret == 0) {
		learn_who_knew(graph, notes_known);
		for (i = 0; i < run->n_logs; i++) {
			check_complete(graph, i, verdict);
			check_times(graph, i, notes_known, verdict);
		}
		for (i = 0; verdict->cycle && i < run->n_logs; i++)
			for (j = 0; j < i; j++)
				count_disagreements(graph, i, j, verdict);
	}
	free(notes_known);
	return ret;
}

int order_check(struct order_run *run, struct order_verdict *verdict)
{
	struct graph graph = { .run = run };
	size_t i, n_events = 0;
	int ret;

	memset(verdict, 0, sizeof(*verdict));
	for (i = 0; i < run->n_logs; i++)
		n_events += run->logs[i].n;
	ret = graph_number_notes(&graph, n_events);
	/* no more replies than events */
	graph.n_vertices = run->n + graph.n_notes + n_events;
	if (ret == 0)
		ret = graph_judge(&graph, verdict);
	free(graph.notes);
	free(graph.position);
	free(graph.head);
	free(graph.edges);
	free(graph.degree);
	free(graph.ready);
	return ret;
}

bool order_is_kept(const struct order_verdict *verdict)
{
	return !verdict->cycle && !verdict->disagreements && !verdict->overtaken &&
	       !verdict->foretold && !verdict->doubled && !verdict->missing;
}
