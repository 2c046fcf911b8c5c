/* SPDX-License-Identifier: MIT */
/* authorized_keys, as the parent reads it. */
#include <stdio.h>

#include "authkeys.h"
#include "conn.h"
#include "cursor.h"
#include "doc.h"
#include "hub_keys.h"
#include "imsg.h"
#include "log.h"
#include "proc.h"
#include "row.h"
#include "sshd.h"

static void
keys_complain(unsigned int line, const char *why, void *arg)
{
	(void)arg;
	log_event(EV_AUTHKEYS_LINE, LF_NUM("line", line),
	    LF_STR("text", why));
}

void
hub_keys_begin(struct hub *hub)
{
	wbuf_reset(&hub->keys_in);
	hub->keys_over = false;
}

void
hub_keys_data(struct hub *hub, const struct imsg *m)
{
	if (hub->keys_in.len + m->len > AUTHKEYS_FILE_MAX)
		hub->keys_over = true;
	else
		wbuf_bytes(&hub->keys_in, m->data, m->len);
}

/* u8 status, then the reason if it could not be read. */
void
hub_keys_end(struct hub *hub, const struct imsg *m)
{
	uint8_t status = m->data[0];

	if (hub->keys_over || status != 0)
		wbuf_reset(&hub->keys_in);
	if (hub->keys_over)
		keys_complain(0, "the file is larger than 1 MiB: no key of "
		    "it is let in", NULL);
	(void)hub_now(hub);
	authkeys_parse(&hub->keys, (const char *)hub->keys_in.p,
	    hub->keys_in.len, hub->room.utc_offset_s, keys_complain, NULL);
	hub->keys_known = status == 0;
	wbuf_free(&hub->keys_in);
	wbuf_init(&hub->keys_in, AUTHKEYS_FILE_MAX);
	conn_recheck(hub);
}

/*
 * Whom we refuse we tell which file would let them in: the parent knows.
 */
void
hub_keys_dir_ask(struct hub *hub)
{
	uint8_t table = TABLE_STATUS;

	hub->dir_request = ++hub->next_request;
	imsg_send(hub->proc->parent, IMSG_TABLE_GET, hub->dir_request, 0,
	    &table, 1);
}

void
hub_keys_dir_answer(struct hub *hub, const struct imsg *m)
{
	struct row_field f;

	if (row_find(m->data, m->len, "data_dir", &f) && f.type == ROW_STR &&
	    f.str_len + sizeof("/authorized_keys") <= sizeof(hub->keys_file))
		(void)snprintf(hub->keys_file, sizeof(hub->keys_file),
		    "%.*s/authorized_keys", (int)f.str_len, f.str);
}
