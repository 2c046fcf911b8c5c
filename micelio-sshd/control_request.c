/* SPDX-License-Identifier: MIT */
/* What a client of the control socket asks for. */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "commands_map.h"
#include "config.h"
#include "control_client.h"
#include "cursor.h"
#include "imsg.h"
#include "log.h"
#include "run.h"
#include "text.h"

static const char *
str_get(struct rcur *r, size_t max, size_t *n)
{
	*n = rcur_u16be(r);
	if (*n > max)
		r->bad = true;
	return (const char *)rcur_bytes(r, *n);
}

static void
hello(struct client *c, struct rcur *r)
{
	unsigned int version = rcur_u16be(r);
	const char *user;
	struct wbuf w;
	size_t n;

	if (!r->bad && version != CTL_VERSION) {
		client_refuse(c, EX_UNAVAILABLE, "this micelioctl is of "
		    "another release than the node (" MICELIO_VERSION "); "
		    "use that of the node, or install one for both and "
		    "restart the node");
		return;
	}
	user = str_get(r, 256, &n);
	if (!rcur_done(r)) {
		client_refuse(c, EX_USAGE, "malformed hello");
		return;
	}
	if (n <= CHAT_NICK_MAX && text_tame(user, n))
		(void)snprintf(c->caller.nick, sizeof(c->caller.nick), "%.*s",
		    (int)n, user);
	wbuf_init(&w, 256);
	wbuf_u16be(&w, CTL_VERSION);
	wbuf_u16be(&w, (uint16_t)strlen(MICELIO_VERSION));
	wbuf_bytes(&w, MICELIO_VERSION, strlen(MICELIO_VERSION));
	client_frame_put(c, CTL_WELCOME, w.p, w.len, NULL, 0);
	wbuf_free(&w);
	c->state = CLIENT_RUN;
}

/* What the command is, before it begins: the client's timeout needs it. */
static void
accepted(struct client *c, const char *const *words, size_t n)
{
	const struct command *cmd;
	char why[256];
	bool watches = false;
	uint8_t bits = 0;

	if (n == 0 || (cmd = command_find(commands, words[0],
	    strlen(words[0]), why, sizeof(why))) == NULL)
		return;
	if (cmd->changes)
		bits |= CTL_CHANGES;
	for (size_t i = 1; i < n && !watches; i++)
		watches = cmd->options != NULL &&
		    strstr(cmd->options, "--watch ") != NULL &&
		    strcmp(words[i], "--watch") == 0;
	if (cmd->streams || cmd->slow || watches)
		bits |= CTL_STREAMS;
	if (cmd->talk ? strcmp(words[n - 1], "-") == 0 :
	    cmd->start == cmd_import || (cmd->start == cmd_put &&
	    put_reads(words + 1, n - 1)))
		bits |= CTL_INPUTS;
	client_frame_put(c, CTL_ACCEPTED, &bits, 1, NULL, 0);
}

static void
run_request(struct client *c, struct rcur *r)
{
	const char *words[CTL_WORDS_MAX], *s;
	char *copy[CTL_WORDS_MAX];
	size_t n = rcur_u16be(r), len, k = 0;

	for (; k < n && k < CTL_WORDS_MAX; k++) {
		s = str_get(r, 65535, &len);
		if (r->bad || memchr(s, '\0', len) != NULL)
			break;
		copy[k] = xcalloc(1, len + 1);
		memcpy(copy[k], s, len);
		words[k] = copy[k];
	}
	if (k < n || !rcur_done(r))
		client_refuse(c, EX_USAGE, n > CTL_WORDS_MAX ?
		    "too many words; quote the text" :
		    "malformed request");
	else {
		c->state = CLIENT_RUNNING;
		event_del(c->timer);
		accepted(c, words, n);
		command_words(&c->caller, words, n);
	}
	while (k > 0)
		free(copy[--k]);
}

static void
frame_handle(struct client *c, uint8_t type, const uint8_t *p, size_t n)
{
	struct rcur r;
	struct run *run;

	rcur_init(&r, p, n);
	if (type == CTL_HELLO && c->state == CLIENT_HELLO)
		hello(c, &r);
	else if (type == CTL_RUN && c->state == CLIENT_RUN)
		run_request(c, &r);
	else if (type == CTL_INPUT_SIZE && c->state == CLIENT_RUNNING) {
		run = TAILQ_FIRST(&c->caller.runs);
		if (run != NULL)
			run->in_total = rcur_u64be(&r);
	} else if (type == CTL_INPUT && c->state == CLIENT_RUNNING) {
		run = TAILQ_FIRST(&c->caller.runs);
		if (run != NULL)
			run_input(run, p, n);
	} else if (c->state != CLIENT_ENDING)
		client_refuse(c, EX_USAGE, "malformed request");
}

void
client_frames_cut(struct client *c)
{
	size_t used = 0, len;
	struct rcur r;

	while (!c->dead && c->state != CLIENT_ENDING &&
	    c->in_len - used >= CTL_HEADER) {
		rcur_init(&r, c->in + used, c->in_len - used);
		len = rcur_u32be(&r);
		if (len == 0 || len > CTL_FRAME_MAX) {
			client_refuse(c, EX_DATAERR,
			    "the request is too large");
			break;
		}
		if (c->in_len - used < 4 + len)
			break;
		frame_handle(c, c->in[used + 4], c->in + used + 5, len - 1);
		used += 4 + len;
	}
	memmove(c->in, c->in + used, c->in_len - used);
	c->in_len -= used;
	if (c->state == CLIENT_ENDING)
		c->in_len = 0;
	client_flush(c);
}
