/* SPDX-License-Identifier: MIT */
/*
 * completion: a script for the shell, made from the same tables as help.
 * Nodes and nicks are asked of the node when one completes.
 */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "local.h"

static const char options_list[] = "-s --socket --data-dir --timeout --json "
    "--help --version";

/* Words that stand for something only the node knows. */
static const char *
asks_for(const char *args)
{
	if (strstr(args, "NICK") != NULL)
		return "nick";
	return strncmp(args, "NODE", 4) == 0 ? "node" : NULL;
}

static void
verbs_print(const char *separator)
{
	const char *before = "";

	for (const struct nodecmd *c = nodecmds; c->name != NULL; c++) {
		(void)printf("%s%s", before, c->name);
		before = separator;
	}
	for (const struct local *l = locals; l->name != NULL; l++)
		(void)printf("%s%s", separator, l->name);
}

/* Those whose first word the node has to be asked for, as a pattern. */
static void
asking_print(const char *kind, const char *separator)
{
	const char *before = "", *k;

	for (const struct nodecmd *c = nodecmds; c->name != NULL; c++)
		if ((k = asks_for(c->args)) != NULL && strcmp(k, kind) == 0) {
			(void)printf("%s%s", before, c->name);
			before = separator;
		}
}

static void
bash_print(void)
{
	(void)printf("# micelioctl completion bash\n"
	    "_micelioctl_verb() {\n"
	    "\tlocal i\n"
	    "\tverb= at=() \n"
	    "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	    "\t\tcase ${COMP_WORDS[i]} in\n"
	    "\t\t-s|--socket|--data-dir)\n"
	    "\t\t\tat+=(\"${COMP_WORDS[i]}\" \"${COMP_WORDS[i + 1]}\")\n"
	    "\t\t\ti=$((i + 1)) ;;\n"
	    "\t\t--timeout)\ti=$((i + 1)) ;;\n"
	    "\t\t-*)\t;;\n"
	    "\t\t*)\tverb=${COMP_WORDS[i]}; return ;;\n"
	    "\t\tesac\n"
	    "\tdone\n"
	    "}\n");
	(void)printf("_micelioctl() {\n"
	    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} verb at words=\n"
	    "\tlocal prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	    "\tCOMPREPLY=()\n"
	    "\tcase $prev in\n"
	    "\t-s|--socket)\tCOMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
	    "\t--data-dir)\tCOMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n"
	    "\t--timeout)\treturn ;;\n"
	    "\tesac\n"
	    "\t_micelioctl_verb\n"
	    "\tcase $verb in\n");
	(void)printf("\t'')\tcase $cur in\n\t\t-*)\twords='%s' ;;\n"
	    "\t\t*)\twords='", options_list);
	verbs_print(" ");
	(void)printf("' ;;\n\t\tesac ;;\n\thelp)\twords='");
	verbs_print(" ");
	(void)printf("' ;;\n\tcompletion)\twords='bash zsh fish' ;;\n"
	    "\tinit)\twords='--dry-run --quiet --config' ;;\n"
	    "\tlab)\twords='--run' ;;\n\t");
	asking_print("node", "|");
	(void)printf(")\twords=$(micelioctl \"${at[@]}\" --timeout 1 nodes "
	    "--plain 2>/dev/null | cut -c1-12) ;;\n\t");
	asking_print("nick", "|");
	(void)printf(")\twords=$(micelioctl \"${at[@]}\" --timeout 1 who "
	    "--plain 2>/dev/null | cut -f1) ;;\n"
	    "\tesac\n"
	    "\tcase $verb,$cur in ?*,-*)\twords+=' --json --plain --help' ;; "
	    "esac\n"
	    "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	    "}\n"
	    "complete -F _micelioctl micelioctl\n");
}

/* 'word:what it does', with the characters zsh would see as its own. */
static void
zsh_row(const char *name, const char *help)
{
	(void)printf("\t\t'%s:", name);
	for (; *help != '\0'; help++)
		if (*help == '\'')
			(void)fputs("'\\''", stdout);
		else if (*help == ':')
			(void)fputs("\\:", stdout);
		else
			(void)fputc(*help, stdout);
	(void)puts("'");
}

static void
zsh_print(void)
{
	(void)printf("#compdef micelioctl\n# micelioctl completion zsh\n"
	    "_micelioctl() {\n\tlocal -a verbs names at\n\tlocal verb i\n"
	    "\tverbs=(\n");
	for (const struct nodecmd *c = nodecmds; c->name != NULL; c++)
		zsh_row(c->name, c->help);
	for (const struct local *l = locals; l->name != NULL; l++)
		zsh_row(l->name, l->help);
	(void)printf("\t)\n"
	    "\tfor ((i = 2; i < CURRENT; i++)); do\n"
	    "\t\tcase $words[i] in\n"
	    "\t\t-s|--socket|--data-dir)\n"
	    "\t\t\tat+=($words[i] $words[i+1]); i=$((i + 1)) ;;\n"
	    "\t\t--timeout)\ti=$((i + 1)) ;;\n"
	    "\t\t-*)\t;;\n"
	    "\t\t*)\tverb=$words[i]; break ;;\n"
	    "\t\tesac\n"
	    "\tdone\n"
	    "\tcase $verb in\n"
	    "\t'')\tif [[ $PREFIX = -* ]]; then compadd -- %s\n"
	    "\t\telse _describe command verbs; fi ;;\n"
	    "\thelp)\t_describe command verbs ;;\n"
	    "\tcompletion)\tcompadd bash zsh fish ;;\n"
	    "\tinit)\tcompadd -- --dry-run --quiet --config ;;\n"
	    "\tlab)\tcompadd -- --run ;;\n\t", options_list);
	asking_print("node", "|");
	(void)printf(")\n\t\tnames=(${(f)\"$(micelioctl $at --timeout 1 nodes "
	    "--plain 2>/dev/null | cut -c1-12)\"})\n"
	    "\t\tcompadd -a names ;;\n\t");
	asking_print("nick", "|");
	(void)printf(")\n\t\tnames=(${(f)\"$(micelioctl $at --timeout 1 who "
	    "--plain 2>/dev/null | cut -f1)\"})\n"
	    "\t\tcompadd -a names ;;\n\tesac\n}\n"
	    "if [[ $funcstack[1] = _micelioctl ]]; then _micelioctl \"$@\"\n"
	    "else compdef _micelioctl micelioctl; fi\n");
}

static void
fish_row(const char *name, const char *help)
{
	(void)printf("complete -c micelioctl -n __fish_use_subcommand -a %s "
	    "-d '", name);
	for (; *help != '\0'; help++) {
		if (*help == '\'' || *help == '\\')
			(void)fputc('\\', stdout);
		(void)fputc(*help, stdout);
	}
	(void)puts("'");
}

static void
fish_print(void)
{
	(void)printf("# micelioctl completion fish\n"
	    "complete -c micelioctl -f\n"
	    "complete -c micelioctl -s s -l socket -r -F\n"
	    "complete -c micelioctl -l data-dir -r -a "
	    "'(__fish_complete_directories)'\n"
	    "complete -c micelioctl -l timeout -r\n"
	    "complete -c micelioctl -l json\n"
	    "complete -c micelioctl -l plain\n"
	    "complete -c micelioctl -l help\n"
	    "complete -c micelioctl -l version\n");
	for (const struct nodecmd *c = nodecmds; c->name != NULL; c++)
		fish_row(c->name, c->help);
	for (const struct local *l = locals; l->name != NULL; l++)
		fish_row(l->name, l->help);
	(void)printf("complete -c micelioctl -n '__fish_seen_subcommand_from "
	    "completion' -a 'bash zsh fish'\n"
	    "complete -c micelioctl -n '__fish_seen_subcommand_from help' "
	    "-a '");
	verbs_print(" ");
	(void)printf("'\ncomplete -c micelioctl -n "
	    "'__fish_seen_subcommand_from init' -l dry-run\n"
	    "complete -c micelioctl -n '__fish_seen_subcommand_from lab' "
	    "-l run -r\n"
	    "complete -c micelioctl -n '__fish_seen_subcommand_from ");
	asking_print("node", " ");
	(void)printf("' -a '(micelioctl --timeout 1 nodes --plain "
	    "2>/dev/null | cut -c1-12)'\n"
	    "complete -c micelioctl -n '__fish_seen_subcommand_from ");
	asking_print("nick", " ");
	(void)printf("' -a '(micelioctl --timeout 1 who --plain "
	    "2>/dev/null | cut -f1)'\n");
}

int
completion_run(const struct options *o)
{
	const char *shell = o->n == 2 ? o->words[1] : "";

	if (strcmp(shell, "bash") == 0)
		bash_print();
	else if (strcmp(shell, "zsh") == 0)
		zsh_print();
	else if (strcmp(shell, "fish") == 0)
		fish_print();
	else {
		(void)fprintf(stderr, "micelioctl: completion: want bash, zsh "
		    "or fish; for example: micelioctl completion bash "
		    ">/etc/bash_completion.d/micelioctl\n");
		return EX_USAGE;
	}
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}
