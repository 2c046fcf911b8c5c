/* SPDX-License-Identifier: MIT */
/*
 * micelio -x config: parses the text of the configuration for the parent.
 *
 * Its job: read three open files, say what is in them as records and what is
 * wrong as lines, exit.  It must never be able to open a file, reach the
 * network, start a process or see a key.  It talks to the parent only, on
 * descriptor 3.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config_parse.h"
#include "imsg.h"
#include "proc.h"
#include "sandbox.h"

#define CHILD_FILES	16
#define FLUSH_MS	CONFIG_DEADLINE_MS
#define SYSTEM_FILE_MAX	(256u * 1024)

static void	read_system(struct imsgchan *, struct conf *);
static void	read_file(struct imsgchan *, struct conf *, const char *name,
		    const char *home);
static char	*slurp(int, size_t max, size_t *);
static void	emit_cb(const struct wbuf *, void *);
static void	send_settings(struct imsgchan *, const struct conf *, uint32_t);
static void	send_problems(struct imsgchan *, const struct problems *);

static void
ignore_cb(struct imsgchan *c, struct imsg *m, void *arg)
{
	(void)c;
	(void)m;
	(void)arg;
}

static void
closed_cb(struct imsgchan *c, enum imsgchan_end end, const char *text,
    void *arg)
{
	(void)c;
	(void)end;
	(void)text;
	(void)arg;
}

int
config_child_main(int argc, char **argv)
{
	struct sandbox_report rep = { 0 };
	struct imsgchan *chan;
	struct conf conf;

	/* What the kernel lacks is the parent's to say, once. */
	log_init("micelio-config", LOG_TEXT, LOG_LVL_ERROR);
	if (argc != 5)
		fatalx("started by hand; use: micelio -n");
	/* It asks for the host's name, which the sandbox forbids. */
	conf_init(&conf);
	chan = imsgchan_new(NULL, PROC_FILENO, PROC_CONFIG, PROC_PARENT,
	    ignore_cb, closed_cb, NULL);
	sandbox_limits(PROC_CONFIG, CHILD_FILES, &rep);
	sandbox_landlock(PROC_CONFIG, -1, &rep);
	sandbox_seccomp(PROC_CONFIG, &rep);

	read_system(chan, &conf);
	read_file(chan, &conf, argv[3], argv[4][0] == '\0' ? NULL : argv[4]);
	if (!imsgchan_flush_wait(chan, FLUSH_MS))
		return EX_IOERR;
	imsgchan_free(chan);
	conf_free(&conf);
	return EX_OK;
}

/* What the resolver needs; never an error. */
static void
read_system(struct imsgchan *chan, struct conf *conf)
{
	char *text;
	size_t len;

	text = slurp(CONFIG_RESOLV_FILENO, SYSTEM_FILE_MAX, &len);
	if (text != NULL)
		system_resolv(text, len, &conf->nameservers);
	free(text);
	text = slurp(CONFIG_HOSTS_FILENO, SYSTEM_FILE_MAX, &len);
	if (text != NULL)
		system_hosts(text, len, &conf->hosts);
	free(text);
	send_settings(chan, conf, UINT32_C(1) << CONF_NAMESERVER |
	    UINT32_C(1) << CONF_HOST);
}

static void
read_file(struct imsgchan *chan, struct conf *conf, const char *name,
    const char *home)
{
	struct config_text text = { .name = name, .home = home };
	struct problems ps;
	uint32_t given;
	char *buf;

	problems_init(&ps, name);
	/* One byte more than is allowed tells that there is more. */
	buf = slurp(CONFIG_FILE_FILENO, CONFIG_FILE_MAX + 1, &text.len);
	if (buf == NULL)
		problem_add(&ps, 0, NULL, "cannot be read: %s",
		    strerror(errno));
	else {
		text.buf = buf;
		(void)config_parse(&text, conf, &given, &ps);
		send_settings(chan, conf, given);
	}
	send_problems(chan, &ps);
	problems_free(&ps);
	free(buf);
}

/* Up to max bytes of a file, or NULL and errno. */
static char *
slurp(int fd, size_t max, size_t *len)
{
	char *buf = xcalloc(1, max);
	ssize_t n;

	for (*len = 0; *len < max; *len += (size_t)n) {
		n = read(fd, buf + *len, max - *len);
		if (n == 0)
			break;
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n == -1) {
			free(buf);
			return NULL;
		}
	}
	return buf;
}

static void
emit_cb(const struct wbuf *b, void *chan)
{
	imsg_send_wbuf(chan, IMSG_CONF_RECORD, 0, 0, b);
}

/* Those the file has, so that the parent knows what is default. */
static void
send_settings(struct imsgchan *chan, const struct conf *conf, uint32_t keys)
{
	const struct conf_setting *s;

	for (s = conf_settings; s->key != 0; s++)
		if ((keys & UINT32_C(1) << s->key) != 0)
			conf_write_setting(conf, s, emit_cb, chan);
}

static void
send_problems(struct imsgchan *chan, const struct problems *ps)
{
	struct wbuf b;

	wbuf_init(&b, CONFIG_LINE_MAX + 2);
	for (size_t i = 0; i < ps->n; i++) {
		wbuf_reset(&b);
		wbuf_str(&b, ps->v[i].text);
		imsg_send_wbuf(chan, IMSG_CONF_ERROR, 0, 0, &b);
	}
	wbuf_reset(&b);
	wbuf_u32(&b, (uint32_t)(ps->n + ps->more));
	imsg_send_wbuf(chan, IMSG_CONF_COMMIT, 0, 0, &b);
	wbuf_free(&b);
}
