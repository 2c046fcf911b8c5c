/* SPDX-License-Identifier: MIT */
/*
 * Private header of the config child, grouped by file.
 *
 * The text goes through two readers.  The scan (config_lex.c, config_scan.c)
 * is ours and strict: it finds what libconfig hides, says where something was
 * opened that is never closed, and writes a mended text in which everything
 * it complained of is harmless.  libconfig then reads the file as it is, or
 * the mended text when there was a complaint, so that one slip does not hide
 * the others; config_parse.c walks its tree against the table of settings.
 */
#ifndef MICELIO_CONFIG_PARSE_H
#define MICELIO_CONFIG_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bsd/sys/tree.h>

#include "conf.h"
#include "config_load.h"
#include "cursor.h"

#define SCAN_PATH_MAX	192	/* bytes of "network.bootstrap[255]" */
#define SCAN_NAME_MAX	64	/* bytes of one name */
#define SCAN_RAW_MAX	40	/* bytes kept of a number or word */
#define SCAN_DEPTH_MAX	8
#define SCAN_VALUES_MAX	8192	/* settings and items of a file */
#define QUOTE_MAX	160	/* a value shown in a message */

/* config_problem.c */
struct problem {
	unsigned int	 line;
	char		*text;		/* "file:line: setting: ..." */
};

struct problems {
	const char	*file;		/* as the user gave it */
	struct problem	*v;
	size_t		 n;
	size_t		 more;		/* over CONFIG_PROBLEMS_MAX */
	bool		 syntax;	/* the one syntax error is there */
};

void	 problems_init(struct problems *, const char *file);
void	 problems_free(struct problems *);
/* setting and line may be NULL and 0. */
void	 problem_add(struct problems *, unsigned int line, const char *setting,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Order of the file, and in a line order of addition. */
void	 problems_sort(struct problems *);
/* A value for a message: made safe, shortened, in double quotes. */
char	*quote(const char *, char out[QUOTE_MAX]);

/* What the scan knows of one setting or item, by its path. */
struct scan_value {
	RB_ENTRY(scan_value)	entry;
	char			path[SCAN_PATH_MAX];
	unsigned int		line;
	char			raw[SCAN_RAW_MAX];	/* number or word */
	bool			word;	/* not in quotes, and no number */
	bool			wraps;	/* libconfig would change it */
	bool			zeros;	/* 010 is no octal here */
	bool			said;	/* a problem of it is reported */
};
RB_HEAD(scan_tree, scan_value);

struct scan {
	const char	*start, *p, *end;
	unsigned int	 line;
	unsigned int	 out_line;
	struct wbuf	 out;		/* the mended text */
	bool		 mended;	/* out says something else */
	struct scan_tree values;
	size_t		 nvalues;
	unsigned int	 depth;
	unsigned int	 muted;		/* inside a setting that is dropped */
	bool		 stopped;	/* no use in going on */
	bool		 unclosed;	/* end of file inside a group */
	bool		 guess;		/* a known group inside another one
					   means a missing brace */
	char		 last[SCAN_PATH_MAX];	/* last complete setting */
	unsigned int	 last_line;
	struct problems	*problems;
};

/* config_lex.c */
/*
 * Look at the bytes: NUL, byte order mark, UTF-8.  Returns a copy in which
 * NULs are spaces (len + 1 bytes, terminated, to be freed), or NULL when
 * nothing can be made of them.  *skip: bytes of a mark at the start.
 */
char	*lex_bytes(const void *, size_t len, size_t *skip, struct problems *);
/* White space, comments, and @include, which is refused. */
void	 lex_space(struct scan *);
/* A name of a setting or "" when there is none here. */
void	 lex_name(struct scan *, char out[SCAN_NAME_MAX + 1]);
/* A text in quotes, written to out in a form libconfig takes. */
void	 lex_string(struct scan *, struct scan_value *, const char *path);
/* Anything else that may be meant as a value. */
void	 lex_word(struct scan *, struct scan_value *);
/* Report a syntax error, unless there is one. */
void	 lex_syntax(struct scan *, unsigned int line, const char *setting,
	    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void	 lex_emit(struct scan *, const char *);

/* config_scan.c */
void	 scan_init(struct scan *, struct problems *);
void	 scan_free(struct scan *);
/* text must outlive the scan. */
void	 scan_text(struct scan *, const char *text, size_t len);
struct scan_value *scan_find(struct scan *, const char *path);
/* "the last complete setting is node.tags (line 6)", for syntax errors. */
#define SCAN_LAST_MAX	(SCAN_PATH_MAX + 80)
char	*scan_last(const struct scan *, char out[SCAN_LAST_MAX]);

/* config_parse.c */
struct config_text {
	const char	*name;		/* of the file */
	const char	*home;		/* or NULL */
	const void	*buf;
	size_t		 len;
};
/*
 * Read a configuration into conf, which holds the defaults.  *given gets a
 * bit for each key the text has a good value for.  True if there was no
 * problem.
 */
bool	 config_parse(const struct config_text *, struct conf *,
	    uint32_t *given, struct problems *);

/* config_value.c: one setting of the tree against its row of the table. */
struct config_setting_t;
struct parse {
	const struct config_text *text;
	struct scan		 *scan;
	struct problems		 *problems;
	struct conf		 *conf;
	uint32_t		  given;
};
/* What is there, for the words "got ..."; returns out. */
#define WANT_MAX	256
char	*value_got(struct config_setting_t *, const struct scan_value *,
	    char out[WANT_MAX]);
void	 value_read(struct parse *, const struct conf_setting *,
	    struct config_setting_t *, struct scan_value *);

/* config_want.c: the words of it. */
/* "a number 0..1024", of one value of the setting. */
char	*want_text(const struct conf_setting *, char out[WANT_MAX]);
/* What to do about a text that is refused for why. */
char	*want_mend(const struct conf_setting *, const char *value,
	    const char *why, char out[WANT_MAX]);
/* The known group somebody may have meant, or NULL. */
const char *want_nearest_group(const char *name);
bool	 want_is_group(const char *name);
/* path is no setting; is_group: it has settings of its own. */
void	 problem_unknown(struct problems *, const char *path,
	    unsigned int line, bool is_group);
/* "24h", "1m30s": a span as one would write it. */
char	*want_span(uint64_t ms, char out[32]);

/* config_system.c: tolerant; what is not understood is not there. */
void	 system_resolv(const char *, size_t, struct strlist *nameservers);
void	 system_hosts(const char *, size_t, struct strlist *hosts);

#endif
