/* SPDX-License-Identifier: MIT */
/* A line of authorized_keys comes or goes: the hub asks, for an admin. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "authkeys_edit.h"
#include "authkeys_lines.h"
#include "cursor.h"
#include "file.h"
#include "imsg.h"
#include "log.h"
#include "micelio.h"

/* The file as it is; -1 with what people are told. */
static ssize_t
file_take(struct parent *p, uint8_t *buf, mode_t *mode, char *why,
    size_t size)
{
	struct stat st;
	ssize_t n;

	*mode = 0600;
	if (fstatat(p->dir.fd, AUTHKEYS_FILE, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno == ENOENT)
			return 0;
		snprintf(why, size, "%s: %s", AUTHKEYS_FILE, strerror(errno));
		return -1;
	}
	if (S_ISLNK(st.st_mode)) {
		snprintf(why, size, "%s is a link; edit the file it leads to",
		    AUTHKEYS_FILE);
		return -1;
	}
	n = file_read(p->dir.fd, AUTHKEYS_FILE, buf, AUTHKEYS_MAX, &st);
	if (n == -1) {
		snprintf(why, size, "%s: %s", AUTHKEYS_FILE, errno == EFBIG ?
		    "longer than 1 MiB" : strerror(errno));
		return -1;
	}
	if ((st.st_mode & 022) != 0) {
		snprintf(why, size, "%s has mode %04o, which lets others write "
		    "to it; want 0600", AUTHKEYS_FILE,
		    (unsigned int)st.st_mode & 07777);
		return -1;
	}
	*mode = st.st_mode & 0777;
	return n;
}

static int
change(struct parent *p, const struct imsg *m, char *why, size_t size)
{
	uint8_t *buf = xcalloc(1, AUTHKEYS_MAX), digest[32];
	int status = EX_TEMPFAIL;
	struct wbuf out;
	struct rcur c;
	uint32_t line;
	mode_t mode;
	ssize_t n;

	wbuf_init(&out, AUTHKEYS_MAX + AUTHKEYS_LINE_MAX + 2);
	if ((n = file_take(p, buf, &mode, why, size)) == -1)
		goto end;
	rcur_init(&c, m->data, m->len);
	if (m->type == IMSG_AUTHKEYS_ADD)
		authkeys_with(buf, (size_t)n, m->data, m->len, &out);
	else {
		line = rcur_u32(&c);
		rcur_copy(&c, digest, sizeof(digest));
		if (!authkeys_without(buf, (size_t)n, line, digest, &out)) {
			snprintf(why, size, "%s has changed meanwhile; look "
			    "at it with key ls, and say it again",
			    AUTHKEYS_FILE);
			goto end;
		}
	}
	if (out.len > AUTHKEYS_MAX)
		snprintf(why, size, "%s would be longer than 1 MiB",
		    AUTHKEYS_FILE);
	else if (!file_write_atomic(p->dir.fd, AUTHKEYS_FILE, out.p, out.len,
	    mode))
		snprintf(why, size, "%s could not be written: %s",
		    AUTHKEYS_FILE, strerror(errno));
	else
		status = EX_OK;
end:
	wbuf_free(&out);
	free(buf);
	return status;
}

void
authkeys_edit(struct child *hub, const struct imsg *m)
{
	char why[400] = "";
	struct wbuf w;
	int status;

	if (m->type == IMSG_AUTHKEYS_ADD &&
	    !authkeys_line_good(m->data, m->len)) {
		imsgchan_violation(hub->chan, m, "no line of a key");
		return;
	}
	status = change(hub->parent, m, why, sizeof(why));
	wbuf_init(&w, 512);
	wbuf_u8(&w, (uint8_t)status);
	wbuf_str(&w, why);
	imsg_send_wbuf(hub->chan, IMSG_AUTHKEYS_EDITED, m->id, 0, &w);
	wbuf_free(&w);
	/* Behind it: whoever took out their own key goes by that. */
	if (status == EX_OK)
		authkeys_send(hub->parent);
}
