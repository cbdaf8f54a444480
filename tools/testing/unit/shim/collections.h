/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The kernel's lists and trees, for code of the module that is built in user space */
#ifndef UNIT_COLLECTIONS_H
#define UNIT_COLLECTIONS_H

/* Lists */

#define LIST_HEAD(name)		struct list_head name = { &(name), &(name) }

static inline void INIT_LIST_HEAD(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline void unit_list_insert(struct list_head *node, struct list_head *prev,
				    struct list_head *next)
{
	node->prev = prev;
	node->next = next;
	prev->next = node;
	next->prev = node;
}

static inline void list_add(struct list_head *node, struct list_head *head)
{
	unit_list_insert(node, head, head->next);
}

static inline void list_add_tail(struct list_head *node, struct list_head *head)
{
	unit_list_insert(node, head->prev, head);
}

/* A node that is used after its removal crashes. */
static inline void list_del(struct list_head *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = NULL;
	node->prev = NULL;
}

static inline void list_del_init(struct list_head *node)
{
	list_del(node);
	INIT_LIST_HEAD(node);
}

static inline void list_move(struct list_head *node, struct list_head *head)
{
	list_del(node);
	list_add(node, head);
}

static inline bool list_empty(const struct list_head *head)
{
	return head->next == head;
}

static inline bool list_is_first(const struct list_head *node, const struct list_head *head)
{
	return node->prev == head;
}

static inline bool list_is_last(const struct list_head *node, const struct list_head *head)
{
	return node->next == head;
}

static inline void list_splice_init(struct list_head *from, struct list_head *to)
{
	while (!list_empty(from))
		list_move(from->prev, to);
}

#define list_entry(node, type, member)	container_of(node, type, member)
#define list_next_entry(pos, member)	list_entry((pos)->member.next, typeof(*(pos)), member)
#define list_prev_entry(pos, member)	list_entry((pos)->member.prev, typeof(*(pos)), member)
#define list_first_entry(head, type, member)				\
	list_entry((head)->next, type, member)
#define list_first_entry_or_null(head, type, member)			\
	(list_empty(head) ? NULL : list_first_entry(head, type, member))
#define list_for_each_entry(pos, head, member)				\
	for ((pos) = list_entry((head)->next, typeof(*(pos)), member);	\
	     &(pos)->member != (head); (pos) = list_next_entry(pos, member))
#define list_for_each_entry_from(pos, head, member)			\
	for (; &(pos)->member != (head); (pos) = list_next_entry(pos, member))
#define list_for_each_entry_reverse(pos, head, member)			\
	for ((pos) = list_entry((head)->prev, typeof(*(pos)), member);	\
	     &(pos)->member != (head); (pos) = list_prev_entry(pos, member))
#define list_for_each_entry_safe(pos, following, head, member)		\
	for ((pos) = list_entry((head)->next, typeof(*(pos)), member),	\
	     (following) = list_next_entry(pos, member);		\
	     &(pos)->member != (head);					\
	     (pos) = (following), (following) = list_next_entry(pos, member))

/* Lists with a single head pointer */

static inline void INIT_HLIST_HEAD(struct hlist_head *head)
{
	head->first = NULL;
}

static inline bool hlist_empty(const struct hlist_head *head)
{
	return !READ_ONCE(head->first);
}

static inline void hlist_add_head_rcu(struct hlist_node *node, struct hlist_head *head)
{
	struct hlist_node *first = head->first;

	node->next = first;
	node->pprev = &head->first;
	rcu_assign_pointer(head->first, node);
	if (first)
		first->pprev = &node->next;
}

#define hlist_add_head(node, head)	hlist_add_head_rcu(node, head)

/* Readers may still follow @node->next; writers that use the node again crash. */
static inline void hlist_del_rcu(struct hlist_node *node)
{
	struct hlist_node *next = node->next;

	WRITE_ONCE(*node->pprev, next);
	if (next)
		next->pprev = node->pprev;
	node->pprev = NULL;
}

#define hlist_first_rcu(head)		((head)->first)
#define hlist_next_rcu(node)		((node)->next)
#define hlist_entry(node, type, member)	container_of(node, type, member)
#define hlist_entry_safe(node, type, member)				\
	({								\
		struct hlist_node *node_ = (node);			\
									\
		node_ ? hlist_entry(node_, type, member) : NULL;	\
	})
#define hlist_for_each(pos, head)					\
	for ((pos) = (head)->first; pos; (pos) = (pos)->next)
#define hlist_for_each_entry(pos, head, member)				\
	for ((pos) = hlist_entry_safe((head)->first, typeof(*(pos)), member); pos; \
	     (pos) = hlist_entry_safe((pos)->member.next, typeof(*(pos)), member))
#define hlist_for_each_entry_safe(pos, following, head, member)		\
	for ((pos) = hlist_entry_safe((head)->first, typeof(*(pos)), member); \
	     (pos) && ({ (following) = (pos)->member.next; true; });	\
	     (pos) = hlist_entry_safe(following, typeof(*(pos)), member))
#define hlist_for_each_entry_rcu(pos, head, member)			\
	for ((pos) = hlist_entry_safe(rcu_dereference((head)->first), typeof(*(pos)), member); \
	     pos;							\
	     (pos) = hlist_entry_safe(rcu_dereference((pos)->member.next), typeof(*(pos)), member))

/* Search trees: they are not balanced here, no test depends on that */

struct rb_node {
	struct rb_node *parent, *rb_left, *rb_right;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_root_cached {
	struct rb_root rb_root;
	struct rb_node *rb_leftmost;
};

#define RB_ROOT				((struct rb_root){ NULL })
#define RB_ROOT_CACHED			((struct rb_root_cached){ { NULL }, NULL })
#define RB_CLEAR_NODE(node)		((node)->parent = (node))
#define RB_EMPTY_NODE(node)		((node)->parent == (node))
#define rb_entry(node, type, member)	container_of(node, type, member)
#define rb_first_cached(root)		((root)->rb_leftmost)

void rb_erase(struct rb_node *node, struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *node);

static inline void rb_link_node(struct rb_node *node, struct rb_node *parent,
				struct rb_node **link)
{
	*node = (struct rb_node){ .parent = parent };
	*link = node;
}

static inline void rb_insert_color(struct rb_node *node, struct rb_root *root)
{
	(void)node;
	(void)root;
}

static inline void rb_insert_color_cached(struct rb_node *node, struct rb_root_cached *root,
					  bool leftmost)
{
	if (leftmost)
		root->rb_leftmost = node;
}

static inline void rb_erase_cached(struct rb_node *node, struct rb_root_cached *root)
{
	if (root->rb_leftmost == node)
		root->rb_leftmost = rb_next(node);
	rb_erase(node, &root->rb_root);
}

#endif
