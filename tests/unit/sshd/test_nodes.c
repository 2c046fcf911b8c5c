/* SPDX-License-Identifier: MIT */
#include "brief.h"
#include "doc.h"
#include "mesh.h"
#include "nodeid.h"
#include "nodes.h"
#include "row.h"

static uint64_t
head(const char *name)
{
	struct row_field f;

	assert_true(row_find(d.head.p, d.head.len, name, &f));
	return f.num;
}

static const char *
id_at(size_t i)
{
	static char id[NODEID_HEX + 1];
	struct row_field f;

	assert_true(i < d.list[0].n);
	assert_true(row_find(d.list[0].rows[i].p, d.list[0].rows[i].len,
	    "id", &f));
	memcpy(id, f.str, NODEID_HEX);
	return id;
}

static void
test_order(void **state)
{
	const char *s;

	(void)state;
	node_add(2, ID_A, "127.0.0.1:1", "verified", false, 5000);
	node_add(2, ID_B, "127.0.0.1:2", "hearsay", true, 1000);
	node_add(3, ID_A, "127.0.0.1:9", "stored", false, 100);
	node_add(3, ID_C, "127.0.0.1:3", "stored", false, 6000);
	nodes_build(a, 4, NULL, 1, 65000, &d);
	assert_int_equal(head("known"), 3);
	assert_int_equal(head("linked"), 1);
	assert_int_equal(head("stored"), 1);
	assert_string_equal(id_at(0), ID_B);
	assert_string_equal(id_at(1), ID_C);
	assert_string_equal(id_at(2), ID_A);
	s = text_of(nodes_text);
	/* gossipd's word, and the age */
	assert_non_null(strstr(s, "127.0.0.1:1  "));
	assert_null(strstr(s, "127.0.0.1:9"));
	assert_non_null(strstr(s, "1m00s"));
	assert_null(strstr(s, "page"));
}

static void
test_word(void **state)
{
	(void)state;
	node_add(2, ID_A, "127.0.0.1:1", "verified", false, 5000);
	node_add(2, ID_B, "127.0.0.1:2", "hearsay", false, 1000);
	nodes_build(a, 4, "hearsay", 1, 65000, &d);
	assert_int_equal(head("known"), 1);
	assert_string_equal(id_at(0), ID_B);
	doc_free(&d);
	doc_init(&d);
	nodes_build(a, 4, "5647", 1, 65000, &d);
	assert_string_equal(id_at(0), ID_A);
	doc_free(&d);
	doc_init(&d);
	nodes_build(a, 4, "nobody", 1, 65000, &d);
	assert_int_equal(head("known"), 0);
	assert_string_equal(text_of(nodes_text),
	    "no node is known that fits; nodes without a word lists all, "
	    "link HOST:PORT makes one known\n");
}

/* As many as there can be; every page holds its part, none of it twice. */
static void
test_pages(void **state)
{
	char id[NODEID_HEX + 1];
	const uint32_t step = brief(1, 61);	/* the last is among them */
	size_t rows = 0;
	uint64_t page, pages;

	(void)state;
	for (unsigned int i = 0; i < 6144; i++) {
		(void)snprintf(id, sizeof(id), "%064x", i);
		node_add(i < 2048 ? 2 : 3, id, "192.0.2.1:4000", "stored",
		    false, 1000 + i);
	}
	for (page = pages = 1; page <= pages; page += step) {
		doc_free(&d);
		doc_init(&d);
		nodes_build(a, 4, NULL, page, 1, &d);
		assert_int_equal(head("known"), 6144);
		pages = head("pages");
		assert_int_equal(pages, 62);
		assert_int_equal(d.list[0].n, page < pages ? NODES_PAGE : 44);
		rows += d.list[0].n;
		(void)snprintf(id, sizeof(id), "%064x",
		    (unsigned int)(6143 - (page - 1) * NODES_PAGE));
		assert_string_equal(id_at(0), id);
	}
	assert_int_equal(rows, brief(6144, NODES_PAGE + 44));
	doc_free(&d);
	doc_init(&d);
	nodes_build(a, 4, NULL, UINT64_MAX, 1, &d);
	assert_int_equal(d.list[0].n, 0);
	assert_string_equal(text_of(nodes_text),
	    "there are 62 pages only\n");
	doc_free(&d);
	doc_init(&d);
	nodes_build(a, 4, NULL, 1, 1, &d);
	assert_non_null(strstr(text_of(nodes_text),
	    "page 1 of 62 (6144 nodes); next: add page=N\n"));
}

#define T(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_order), T(test_word), T(test_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
