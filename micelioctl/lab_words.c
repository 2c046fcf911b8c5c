/* SPDX-License-Identifier: MIT */
#include "lab.h"

size_t
lab_words(char *s, const char *words[LAB_WORDS_MAX])
{
	size_t n = 0;
	char quote = '\0', *out;

	for (;;) {
		while (*s == ' ' || *s == '\t')
			s++;
		if (*s == '\0')
			return n;
		if (n == LAB_WORDS_MAX)
			return 0;
		words[n++] = out = s;
		for (; *s != '\0' && (quote != '\0' || (*s != ' ' &&
		    *s != '\t')); s++) {
			if (*s == quote)
				quote = '\0';
			else if (quote == '\0' && (*s == '"' || *s == '\''))
				quote = *s;
			else
				*out++ = *s;
		}
		if (quote != '\0')
			return 0;
		if (*s != '\0')
			s++;
		*out = '\0';
	}
}
