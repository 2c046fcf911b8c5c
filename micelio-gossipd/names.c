/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "core.h"
#include "names.h"
#include "proto/message.h"
#include "session.h"

bool
name_tag(const struct gossip *g, char out[NAME_TAG_MAX], struct slice *tag)
{
	int n = snprintf(out, NAME_TAG_MAX, NAME_PREFIX "%s",
	    g->conf->node_name);

	*tag = (struct slice){ (const uint8_t *)out, (size_t)n };
	return g->conf->node_name[0] != '\0' && (size_t)n < NAME_TAG_MAX;
}

void
name_take(struct session *s, const struct hello_msg *h)
{
	const size_t len = sizeof(NAME_PREFIX) - 1;
	struct slice t;

	s->name[0] = '\0';
	for (size_t i = 0; i < h->ntags; i++) {
		t = h->tags[i];
		if (t.n <= len || t.n - len > CONF_NODE_NAME_MAX ||
		    memcmp(t.p, NAME_PREFIX, len) != 0 ||
		    memchr(t.p, '\0', t.n) != NULL)
			continue;
		memcpy(s->name, t.p + len, t.n - len);
		s->name[t.n - len] = '\0';
		return;
	}
}

void
name_compare(struct gossip *g, const struct session *s)
{
	if (s->name[0] != '\0' && strcmp(s->name, g->conf->node_name) == 0)
		gossip_log(g, EV_NAME_TAKEN, id_limit(&s->id, 'n'),
		    LF_ID("id", &s->id), LF_STR("addr", s->addr),
		    LF_STR("name", s->name));
}
