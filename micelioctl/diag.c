/* SPDX-License-Identifier: MIT */
/*
 * diag: one text to attach to a report.  It is put together from what the
 * node tells anybody with the role user, so that no secret and nothing that
 * was said can be in it; what looks like a key is taken out all the same.
 */
#include <sys/utsname.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"
#include "cursor.h"
#include "local.h"
#include "mtime.h"
#include "scrub.h"
#include "text.h"

#define RELEASE_MAX	4096u

static const struct {
	const char	*title, *what;
	const char	*words[4];
} sections[] = {
	{ "status", "health, the programs and their sandboxes",
	    { "status", "--json" } },
	{ "peers", "linked and configured nodes", { "peers" } },
	{ "links", "what each link does", { "links" } },
	{ "nodes", "the first hundred nodes known", { "nodes" } },
	{ "stats", "counters, what was refused and why", { "stats" } },
	{ "state", "size and digest of the map, without its values",
	    { "state" } },
};
#define NSECTIONS	(sizeof(sections) / sizeof(sections[0]))

struct diag {
	const struct options	*o;
	struct programs		 programs;
	FILE			*out;
	const char		*file;
	bool			 any;	/* the node answered */
	char			 why[512];
};

static void
contents_print(const struct diag *d, FILE *f)
{
	(void)fprintf(f, "In it:\n  %-14s %s\n", "system",
	    "versions of micelio, the kernel and the system");
	(void)fprintf(f, "  %-14s %s\n", "configuration",
	    "what is in force");
	for (size_t i = 0; i < NSECTIONS; i++)
		(void)fprintf(f, "  %-14s %s\n", sections[i].title,
		    sections[i].what);
	(void)fprintf(f, "Names and addresses of nodes are in it.  Not in "
	    "it: private keys,\nauthorized_keys, the log, what people said, "
	    "values of the map.\n");
	if (d->file != NULL)
		(void)fprintf(f, "Written to %s.\n", d->file);
}

static void
text_print(const struct diag *d, const uint8_t *p, size_t n)
{
	struct wbuf w;

	if (n == 0)
		return;
	wbuf_init(&w, 2 * OUTPUT_MAX);
	scrub((const char *)p, n, &w);
	(void)fwrite(w.p, 1, w.len, d->out);
	if (w.len > 0 && w.p[w.len - 1] != '\n')
		(void)fputc('\n', d->out);
	wbuf_free(&w);
}

static int
section_print(struct diag *d, const char *title, const char *const *argv)
{
	struct wbuf out, err;
	int rc;

	wbuf_init(&out, OUTPUT_MAX);
	wbuf_init(&err, OUTPUT_MAX);
	rc = program_run(argv, &out, &err);
	(void)fprintf(d->out, "\n== %s (exit status %d)\n", title, rc);
	text_print(d, out.p, out.len);
	text_print(d, err.p, err.len);
	wbuf_free(&out);
	wbuf_free(&err);
	return rc;
}

static void
system_print(struct diag *d)
{
	const char *argv[] = { d->programs.micelio, "--version", NULL };
	char text[RELEASE_MAX];
	struct utsname u;
	size_t n = 0;
	FILE *f = fopen("/etc/os-release", "re");

	if (f != NULL) {
		n = fread(text, 1, sizeof(text), f);
		(void)fclose(f);
	}
	(void)fprintf(d->out, "\n== system\nmicelioctl " MICELIO_VERSION
	    "\n");
	if (uname(&u) == 0)
		(void)fprintf(d->out, "%s %s %s\n", u.sysname, u.release,
		    u.machine);
	text_print(d, (const uint8_t *)text, n);
	if (d->programs.micelio[0] != '\0')
		(void)section_print(d, "micelio --version", argv);
}

static void
config_print(struct diag *d)
{
	static const char service[] = MICELIO_SYSCONFDIR "/micelio.conf";
	char dir[PATH_MAX], why[256];
	const char *argv[6] = { d->programs.micelio, "-nv" };

	if (d->programs.micelio[0] == '\0')
		return;
	if (data_dir_of(d->o, dir, why, sizeof(why)) &&
	    access(dir, R_OK) == 0) {
		argv[2] = "--data-dir";
		argv[3] = dir;
	} else {
		argv[2] = "-c";
		argv[3] = service;
	}
	(void)section_print(d, "configuration", argv);
}

static void
node_print(struct diag *d)
{
	for (size_t i = 0; i < NSECTIONS; i++) {
		const char *argv[12];
		size_t k = 0;

		argv[k++] = d->programs.self;
		if (d->o->socket != NULL) {
			argv[k++] = "-s";
			argv[k++] = d->o->socket;
		}
		if (d->o->data_dir != NULL) {
			argv[k++] = "--data-dir";
			argv[k++] = d->o->data_dir;
		}
		for (size_t w = 0; w < 4 && sections[i].words[w] != NULL; w++)
			argv[k++] = sections[i].words[w];
		argv[k] = NULL;
		if (section_print(d, sections[i].title, argv) == EX_OK)
			d->any = true;
	}
}

static int
diag_write(struct diag *d)
{
	char now[TIME_TEXT_MAX];

	(void)fprintf(d->out, "Micelio diagnosis of %s\n\n",
	    time_text(wall_ms(), now));
	contents_print(d, d->out);
	system_print(d);
	config_print(d);
	node_print(d);
	if (fflush(d->out) == 0 && !ferror(d->out))
		return EX_OK;
	(void)snprintf(d->why, sizeof(d->why), "%s: %s; want to write all of "
	    "it there", d->file == NULL ? "standard output" : d->file,
	    strerror(errno));
	return EX_IOERR;
}

int
diag_run(const struct options *o)
{
	struct diag d = { .o = o, .out = stdout };
	int rc;

	if (o->n > 2 || (o->n == 2 && o->words[1][0] == '-')) {
		(void)fprintf(stderr, "micelioctl: diag: want at most the "
		    "name of a file to write; usage: micelioctl diag "
		    "[FILE]\n");
		return EX_USAGE;
	}
	if (!programs_find(&d.programs, d.why, sizeof(d.why)))
		d.programs.micelio[0] = '\0';
	d.why[0] = '\0';
	if (o->n == 2) {
		d.file = o->words[1];
		d.out = fopen(d.file, "wxe");
		if (d.out == NULL) {
			(void)fprintf(stderr, "micelioctl: diag: %s: %s; name "
			    "a file that is not there yet\n", d.file,
			    strerror(errno));
			return EX_CANTCREAT;
		}
		contents_print(&d, stdout);
	}
	rc = diag_write(&d);
	if (d.file != NULL)
		(void)fclose(d.out);
	if (rc == EX_OK && !d.any)
		(void)snprintf(d.why, sizeof(d.why), "the node does not "
		    "answer: only what is known without it is in the text");
	if (d.why[0] != '\0')
		(void)fprintf(stderr, "micelioctl: diag: %s\n", d.why);
	return rc == EX_OK && !d.any ? EX_UNAVAILABLE : rc;
}
