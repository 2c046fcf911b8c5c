/* SPDX-License-Identifier: MIT */
/*
 * Gives kept inputs to the targets, so that every compiler and checker sees
 * them:
 *
 *	replay FOLDER...		FOLDER/TARGET/INPUT, all of them
 *	replay -t TARGET PATH...	these files or folders
 *
 * Fails if one of its targets had no input.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>

#include "fuzz.h"

#define INPUT_MAX	(4u * 1024 * 1024)

#define X(name)	int fuzz_##name(const uint8_t *, size_t);
FUZZ_TARGETS
#undef X

static struct target {
	const char	*name;
	int		(*run)(const uint8_t *, size_t);
	unsigned int	 inputs;
} targets[] = {
#define X(name)	{ #name, fuzz_##name, 0 },
	FUZZ_TARGETS
#undef X
};
#define NTARGETS	(sizeof(targets) / sizeof(targets[0]))

/* A copy of its exact size, so that a checker sees a read past its end. */
static void
play(struct target *t, const char *path)
{
	uint8_t *all = malloc(INPUT_MAX), *input;
	FILE *f = fopen(path, "rb");
	size_t n;

	if (f == NULL || all == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	n = fread(all, 1, INPUT_MAX, f);
	fclose(f);
	input = malloc(n > 0 ? n : 1);
	if (input == NULL)
		abort();
	memcpy(input, all, n);
	free(all);
	if (getenv("FUZZ_VERBOSE") != NULL)
		fprintf(stderr, "%s\n", path);
	t->run(input, n);
	t->inputs++;
	free(input);
}

static void
play_path(struct target *t, const char *path)
{
	struct dirent **names;
	struct stat st;
	char sub[4096 + 260];
	int n;

	if (stat(path, &st) == -1)
		return;
	if (!S_ISDIR(st.st_mode)) {
		play(t, path);
		return;
	}
	n = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		snprintf(sub, sizeof(sub), "%s/%s", path, names[i]->d_name);
		if (names[i]->d_name[0] != '.')
			play(t, sub);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

int
main(int argc, char **argv)
{
	const char *only = NULL;
	unsigned int played = 0;
	char path[4096];
	int arg = 1;

	if (argc > 3 && strcmp(argv[1], "-t") == 0) {
		only = argv[2];
		arg = 3;
	}
	for (size_t i = 0; i < NTARGETS; i++) {
		struct target *t = &targets[i];

		if (only != NULL && strcmp(only, t->name) != 0)
			continue;
		for (int a = arg; a < argc; a++) {
			snprintf(path, sizeof(path), "%s%s%s", argv[a],
			    only == NULL ? "/" : "",
			    only == NULL ? t->name : "");
			play_path(t, path);
		}
		if (t->inputs == 0) {
			fprintf(stderr, "no input of %s\n", t->name);
			return 1;
		}
		played++;
	}
	return played > 0 ? 0 : 1;
}
