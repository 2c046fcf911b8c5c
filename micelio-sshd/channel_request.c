/* SPDX-License-Identifier: MIT */
/* What a client may ask of its channel, before and while something runs. */
#include <stdio.h>
#include <string.h>

#include "session.h"

#define REFUSED	1

static int	pty_cb(ssh_session, ssh_channel, const char *, int, int, int,
		    int, void *);
static int	window_cb(ssh_session, ssh_channel, int, int, int, int, void *);
static int	env_cb(ssh_session, ssh_channel, const char *, const char *,
		    void *);
static int	shell_cb(ssh_session, ssh_channel, void *);
static int	exec_cb(ssh_session, ssh_channel, const char *, void *);
static int	subsystem_cb(ssh_session, ssh_channel, const char *, void *);
static void	signal_cb(ssh_session, ssh_channel, const char *, void *);
static bool	may_ask(struct session *);
static bool	printable(const char *, size_t);
static bool	env_wanted(const char *);
static void	size_set(struct session *, int, int);
static void	start(struct session *, enum ses_kind, const char *);

void
client_callbacks(struct session *s)
{
	s->chan_cb.channel_pty_request_function = pty_cb;
	s->chan_cb.channel_pty_window_change_function = window_cb;
	s->chan_cb.channel_env_request_function = env_cb;
	s->chan_cb.channel_shell_request_function = shell_cb;
	s->chan_cb.channel_exec_request_function = exec_cb;
	s->chan_cb.channel_subsystem_request_function = subsystem_cb;
	s->chan_cb.channel_signal_function = signal_cb;
}

static int
pty_cb(ssh_session ssh, ssh_channel chan, const char *term, int cols,
    int rows, int xpixels, int ypixels, void *arg)
{
	struct session *s = arg;
	size_t len = term == NULL ? 0 : strlen(term);

	(void)ssh;
	(void)chan;
	(void)xpixels;
	(void)ypixels;
	if (!may_ask(s) || !s->may_pty)
		return REFUSED;
	s->pty = true;
	size_set(s, cols, rows);
	if (len > SES_TERM_MAX || !printable(term, len))
		term = "dumb";
	snprintf(s->term, sizeof(s->term), "%s", term == NULL ? "" : term);
	return 0;
}

static int
window_cb(ssh_session ssh, ssh_channel chan, int cols, int rows, int xpixels,
    int ypixels, void *arg)
{
	struct session *s = arg;

	(void)ssh;
	(void)chan;
	(void)xpixels;
	(void)ypixels;
	if (!s->pty)
		return REFUSED;
	s->happened = true;
	size_set(s, cols, rows);
	s->size_changed = s->started;
	return 0;
}

static int
env_cb(ssh_session ssh, ssh_channel chan, const char *name, const char *value,
    void *arg)
{
	struct session *s = arg;
	size_t name_len, value_len;

	(void)ssh;
	(void)chan;
	if (!may_ask(s) || name == NULL || value == NULL || !env_wanted(name))
		return REFUSED;
	name_len = strlen(name);
	value_len = strlen(value);
	if (s->env_n == SES_ENV_COUNT ||
	    s->env.len + name_len + value_len + 2 > SES_ENV_BYTES ||
	    !printable(name, name_len) || !printable(value, value_len) ||
	    strchr(name, '=') != NULL)
		return REFUSED;
	s->env_n++;
	if (strcmp(name, "NO_COLOR") == 0 && value[0] != '\0')
		s->no_color = true;
	wbuf_bytes(&s->env, name, name_len);
	wbuf_u8(&s->env, '=');
	wbuf_bytes(&s->env, value, value_len);
	wbuf_u8(&s->env, '\n');
	return 0;
}

static int
shell_cb(ssh_session ssh, ssh_channel chan, void *arg)
{
	struct session *s = arg;

	(void)ssh;
	(void)chan;
	if (!may_ask(s))
		return REFUSED;
	start(s, SES_SHELL, "");
	return 0;
}

static int
exec_cb(ssh_session ssh, ssh_channel chan, const char *command, void *arg)
{
	struct session *s = arg;

	(void)ssh;
	(void)chan;
	if (!may_ask(s) || command == NULL)
		return REFUSED;
	start(s, SES_EXEC, command);
	return 0;
}

static int
subsystem_cb(ssh_session ssh, ssh_channel chan, const char *name, void *arg)
{
	struct session *s = arg;

	(void)ssh;
	(void)chan;
	(void)name;
	s->requests++;
	return REFUSED;
}

static void
signal_cb(ssh_session ssh, ssh_channel chan, const char *name, void *arg)
{
	struct session *s = arg;

	(void)ssh;
	(void)chan;
	s->requests++;
	if (s->phase == SES_PH_RUN && !s->hub_gone && name != NULL &&
	    strcmp(name, "INT") == 0)
		imsg_send(s->hub, IMSG_SES_INTR, 0, 0, NULL, 0);
}

/* Requests before the start: counted, and none after it. */
static bool
may_ask(struct session *s)
{
	s->requests++;
	s->happened = true;
	return !s->started && s->phase == SES_PH_OPEN;
}

/* ASCII, as names of terminals and locales are. */
static bool
printable(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 ||
		    (unsigned char)text[i] > 0x7e)
			return false;
	return true;
}

static bool
env_wanted(const char *name)
{
	static const char *const names[] = { "LANG", "TZ", "TERM", "NO_COLOR",
	    "COLORTERM" };
	size_t i;

	if (strncmp(name, "LC_", 3) == 0)
		return true;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* 0x0, as some clients say without a terminal of their own, is 80x24. */
static void
size_set(struct session *s, int cols, int rows)
{
	s->cols = cols <= 0 ? SCREEN_COLS : cols > UINT16_MAX ? UINT16_MAX :
	    (unsigned int)cols;
	s->rows = rows <= 0 ? SCREEN_ROWS : rows > UINT16_MAX ? UINT16_MAX :
	    (unsigned int)rows;
}

static void
start(struct session *s, enum ses_kind kind, const char *command)
{
	struct wbuf w;
	size_t len = strlen(command);

	s->kind = kind;
	s->started = true;
	s->phase = SES_PH_RUN;
	s->deadline_ms = 0;
	if (len > SES_COMMAND_MAX) {
		client_write(s, 2, "micelio: this command is too long: the "
		    "limit is 4096 bytes\n", 61);
		client_finish(s, 64);
		return;
	}
	wbuf_init(&w, 8192);
	wbuf_u8(&w, (uint8_t)kind);
	wbuf_u8(&w, s->pty);
	wbuf_u16(&w, (uint16_t)s->cols);
	wbuf_u16(&w, (uint16_t)s->rows);
	wbuf_str(&w, s->term);
	wbuf_strn(&w, s->env.p, s->env.len);
	wbuf_strn(&w, command, len);
	imsg_send_wbuf(s->hub, IMSG_SES_OPEN, 0, 0, &w);
	wbuf_free(&w);
}
