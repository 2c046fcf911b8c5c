/* SPDX-License-Identifier: MIT */
/* motd: the message of the day, o/motd of the map all nodes share. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "caller.h"
#include "cmdline.h"
#include "commands.h"
#include "commands_map.h"
#include "cursor.h"
#include "log.h"
#include "people.h"
#include "room.h"
#include "run.h"
#include "settings.h"
#include "sshd.h"
#include "text.h"

#define MOTD_KEY	"o/motd"
#define BEFORE		"motd: "
#define SHOWN_MAX	(8 * MAP_VALUE_MAX)

void
cmd_motd(struct run *run)
{
	map_get(run, MOTD_KEY);
}

/* At the login: nothing is said when there is nothing. */
void
motd_greet(struct caller *caller)
{
	struct cmdline line;
	struct run *run;
	char why[256];

	if (cmdline_parse(commands, "motd", 4, &line, why, sizeof(why)) !=
	    EX_OK) {
		cmdline_free(&line);
		return;
	}
	run = run_new(caller, &line);
	run->quiet = true;
	map_get(run, MOTD_KEY);
}

/*
 * In the partyline as a note of the node, whose further lines begin with what
 * no line of talk begins with: whoever writes it must not speak for others.
 */
void
motd_show(struct run *run, const char *value, size_t n)
{
	struct caller *caller = run->caller;
	const struct settings without_time = { .time = 0 };
	struct room_item item = { .kind = ROOM_NOTE };
	struct wbuf text, w;
	char *safe;

	while (n > 0 && value[n - 1] == '\n')
		n--;
	if (caller->door != DOOR_SHELL) {
		safe = xcalloc(1, SHOWN_MAX);
		n = text_safe(value, n, safe, SHOWN_MAX - 1, false);
		safe[n++] = '\n';
		run_out(run, OUT_STDOUT, safe, n);
		free(safe);
		return;
	}
	wbuf_init(&text, MAP_VALUE_MAX + sizeof(BEFORE));
	wbuf_init(&w, SHOWN_MAX);
	wbuf_bytes(&text, BEFORE, sizeof(BEFORE) - 1);
	wbuf_bytes(&text, value, n);
	item.text = (const char *)text.p;
	item.len = text.len;
	room_render_for(&item, &without_time, 0, run->quiet, &w);
	run_out(run, OUT_STDOUT, (const char *)w.p, w.len);
	wbuf_free(&w);
	wbuf_free(&text);
}
