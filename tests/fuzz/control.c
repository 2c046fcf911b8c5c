/* SPDX-License-Identifier: MIT */
/*
 * Feeds: a size of pieces, then what a client of the control socket sends.
 * Holds: the words of a command reach it as they were sent, however the bytes
 * are cut; nothing does before a hello of our version, nor after a refusal;
 * no command is asked twice; a client is refused once.
 * Reads with: micelio-sshd/control_request.c
 */
#include <event2/event.h>
#include <sysexits.h>

#include "fuzz.h"
#include "micelio-sshd/cmdline.h"
#include "micelio-sshd/commands.h"
#include "micelio-sshd/commands_map.h"
#include "micelio-sshd/control_client.h"
#include "micelio-sshd/run.h"

struct told {
	struct wbuf	 words, input;
	unsigned int	 welcomes, accepts, runs, refusals;
};

static struct told *told;
static struct event_base *base;

const struct command commands[] = {
	{ .name = "say", .talk = true },
	{ .name = "put", .start = cmd_put, .changes = true },
	{ .name = "import", .start = cmd_import },
	{ .name = "top", .options = "--watch ", .slow = true },
	{ .name = NULL },
};

/* In place of what is around it in the hub. */
void
client_frame_put(struct client *c, enum ctl_type type, const void *a, size_t n,
    const void *b, size_t m)
{
	(void)a;
	(void)b;
	HOLDS(n + m < CTL_FRAME_MAX && !c->dead);
	HOLDS(type == CTL_WELCOME || type == CTL_ACCEPTED);
	told->welcomes += type == CTL_WELCOME;
	told->accepts += type == CTL_ACCEPTED;
}

void
client_flush(struct client *c)
{
	(void)c;
}

void
client_refuse(struct client *c, int status, const char *why)
{
	HOLDS(status != EX_OK && why[0] != '\0');
	HOLDS(told->refusals++ == 0);
	c->state = CLIENT_ENDING;
}

void
command_words(struct caller *caller, const char *const *words, size_t n)
{
	HOLDS(told->welcomes == 1 && told->refusals == 0);
	HOLDS(told->runs++ == 0 && n <= CTL_WORDS_MAX);
	HOLDS(memchr(caller->nick, '\0', sizeof(caller->nick)) != NULL);
	for (size_t i = 0; i < n; i++)
		wbuf_blob(&told->words, words[i], strlen(words[i]));
}

void
run_input(struct run *run, const void *p, size_t n)
{
	(void)run;
	HOLDS(told->runs == 1 && n < CTL_FRAME_MAX);
	wbuf_bytes(&told->input, p, n);
}

void
cmd_put(struct run *run)
{
	(void)run;
}

void
cmd_import(struct run *run)
{
	(void)run;
}

bool
put_reads(const char *const *words, size_t n)
{
	return n > 0 && strcmp(words[n - 1], "-") == 0;
}

static void
timer_cb(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

/* All of the bytes, in such pieces as a read may bring. */
static void
play(struct told *h, const uint8_t *p, size_t n, size_t piece)
{
	struct run run = { .in_total = 0 };
	struct client c = { .state = CLIENT_HELLO };
	size_t k;

	memset(h, 0, sizeof(*h));
	wbuf_init(&h->words, 1u << 20);
	wbuf_init(&h->input, 1u << 20);
	told = h;
	TAILQ_INIT(&c.caller.runs);
	TAILQ_INSERT_TAIL(&c.caller.runs, &run, entry);
	c.timer = evtimer_new(base, timer_cb, NULL);
	c.in = malloc(CTL_FRAME_MAX + CTL_HEADER);
	HOLDS(c.timer != NULL && c.in != NULL);
	for (; n > 0 && c.state != CLIENT_ENDING; p += k, n -= k) {
		k = CTL_FRAME_MAX + CTL_HEADER - c.in_len;
		if (k > piece)
			k = piece;
		if (k > n)
			k = n;
		HOLDS(k > 0);
		memcpy(c.in + c.in_len, p, k);
		c.in_len += k;
		client_frames_cut(&c);
	}
	event_free(c.timer);
	free(c.in);
}

FUZZ_TARGET(control)(const uint8_t *data, size_t size)
{
	struct fuzz_in in = fuzz_begin(data, size);
	size_t piece = 1 + fuzz_u8(&in);
	struct told whole, cut;

	if (base == NULL)
		base = event_base_new();
	if (in.left >= 1u << 20)
		return 0;
	play(&whole, in.p, in.left, SIZE_MAX);
	play(&cut, in.p, in.left, piece);
	HOLDS(fuzz_same(whole.words.p, whole.words.len, cut.words.p,
	    cut.words.len));
	HOLDS(fuzz_same(whole.input.p, whole.input.len, cut.input.p,
	    cut.input.len));
	HOLDS(whole.runs == cut.runs && whole.refusals == cut.refusals &&
	    whole.accepts == cut.accepts);
	HOLDS(whole.accepts <= whole.runs && whole.welcomes <= 1);
	wbuf_free(&whole.words);
	wbuf_free(&whole.input);
	wbuf_free(&cut.words);
	wbuf_free(&cut.input);
	return 0;
}
