/* SPDX-License-Identifier: MIT */
/* health.c, confdoc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "conf.h"
#include "confdoc.h"
#include "cursor.h"
#include "doc.h"
#include "health.h"
#include "row.h"

static struct wbuf w;

/* What status says, as far as health looks at it. */
static const char *
health(bool healthy, const char *hint, const char *down_cause, bool json)
{
	struct doc status, d;
	struct wbuf row;
	size_t list;

	doc_init(&status);
	row_bool(&status.head, "healthy", healthy);
	row_str(&status.head, "summary", "1 peer, 0 people here");
	if (hint != NULL)
		row_str(&status.head, "hint", hint);
	else
		row_null(&status.head, "hint");
	list = doc_list(&status, "peers");
	wbuf_init(&row, 1024);
	row_str(&row, "addr", "[::1]:4000");
	row_str(&row, "state", down_cause != NULL ? "down" : "up");
	if (down_cause != NULL)
		row_str(&row, "cause", down_cause);
	else
		row_null(&row, "cause");
	(void)doc_row(&status, list, row.p, row.len);
	wbuf_free(&row);
	doc_init(&d);
	health_build(&status, &d);
	wbuf_init(&w, 65536);
	if (json)
		doc_json(&d, &w);
	else
		health_text(&d, &w);
	wbuf_u8(&w, '\0');
	doc_free(&d);
	doc_free(&status);
	return (const char *)w.p;
}

static void
test_words(void **state)
{
	(void)state;
	assert_string_equal(health(true, NULL, NULL, false), "healthy\n");
	wbuf_free(&w);
	assert_string_equal(health(true, NULL, "timeout", false),
	    "degraded\n  peer [::1]:4000: timeout; retry [::1]:4000 dials it "
	    "now\n");
	wbuf_free(&w);
	assert_string_equal(health(true, "set the clock", NULL, false),
	    "degraded\n  set the clock\n");
	wbuf_free(&w);
	assert_string_equal(health(false, "look", NULL, false),
	    "unhealthy\n  1 peer, 0 people here; look\n");
	wbuf_free(&w);
	assert_string_equal(health(false, NULL, "timeout", true),
	    "{\"v\":1,\"health\":\"unhealthy\",\"summary\":\"1 peer, 0 "
	    "people here\",\"reasons\":[{\"what\":\"node\",\"name\":null,"
	    "\"why\":\"1 peer, 0 people here\",\"hint\":null},{\"what\":"
	    "\"peer\",\"name\":\"[::1]:4000\",\"why\":\"timeout\",\"hint\":"
	    "\"retry [::1]:4000 dials it now\"}]}\n");
	wbuf_free(&w);
}

/* Every setting but the data directory, as what it is. */
static void
test_config(void **state)
{
	const struct conf_setting *s;
	char name[64];
	struct conf c;
	struct doc d;

	(void)state;
	conf_init(&c);
	strlist_add(&c.network_bootstrap, "192.0.2.1:4000");
	doc_init(&d);
	confdoc_build(&c, &d);
	wbuf_init(&w, 65536);
	doc_json(&d, &w);
	wbuf_u8(&w, '\0');
	assert_non_null(strstr((const char *)w.p,
	    "\"network_max_peers\":15,"));
	assert_non_null(strstr((const char *)w.p,
	    "\"network_exchange_interval_ms\":30000,"));
	assert_non_null(strstr((const char *)w.p,
	    "\"network_bootstrap\":[{\"value\":\"192.0.2.1:4000\"}]"));
	for (s = conf_settings; s->key != 0; s++) {
		if (s->name == NULL)
			continue;
		(void)snprintf(name, sizeof(name), "\"%s", s->name);
		for (char *p = name; *p != '\0'; p++)
			if (*p == '.')
				*p = '_';
		if (s->key == CONF_NODE_DATA_DIR)
			assert_null(strstr((const char *)w.p, name));
		else
			assert_non_null(strstr((const char *)w.p, name));
	}
	doc_free(&d);
	wbuf_free(&w);
	conf_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_config),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
