/* SPDX-License-Identifier: MIT */
#include "plainline.h"

static void	plainline_end(struct plainline *,
		    const struct plainline_ops *, void *);

void
plainline_feed(struct plainline *p, const void *data, size_t len,
    const struct plainline_ops *ops, void *arg)
{
	const char *s = data;
	size_t i;
	bool after_cr;

	for (i = 0; i < len; i++) {
		after_cr = p->last_cr;
		p->last_cr = s[i] == '\r';
		if (s[i] == '\n' && after_cr)
			continue;
		if (s[i] == '\n' || s[i] == '\r') {
			plainline_end(p, ops, arg);
			continue;
		}
		if (p->len < sizeof(p->buf))
			p->buf[p->len] = s[i];
		p->len++;
	}
}

void
plainline_eof(struct plainline *p, const struct plainline_ops *ops, void *arg)
{
	if (p->len > 0)
		plainline_end(p, ops, arg);
}

static void
plainline_end(struct plainline *p, const struct plainline_ops *ops, void *arg)
{
	size_t len = p->len;

	p->len = 0;
	if (len > sizeof(p->buf))
		ops->too_long(arg, len);
	else
		ops->line(arg, p->buf, len);
}
