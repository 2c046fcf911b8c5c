/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "keys.h"
#include "text.h"

#define ESC	0x1b
#define BEL	0x07

static void	keys_byte(struct keys *, uint8_t, key_cb, void *);
static void	keys_ground(struct keys *, uint8_t, key_cb, void *);
static void	keys_esc(struct keys *, uint8_t, key_cb, void *);
static void	keys_csi(struct keys *, uint8_t, key_cb, void *);
static void	keys_string(struct keys *, uint8_t, key_cb, void *);
static void	keys_utf8(struct keys *, uint8_t, key_cb, void *);
static enum key	csi_key(const struct keys *, uint8_t);
static enum key	tilde_key(unsigned int);

static const enum key control_keys[32] = {
	['A' - '@'] = KEY_HOME,		['B' - '@'] = KEY_LEFT,
	['C' - '@'] = KEY_INTERRUPT,	['D' - '@'] = KEY_DELETE_OR_EOF,
	['E' - '@'] = KEY_END,		['F' - '@'] = KEY_RIGHT,
	['G' - '@'] = KEY_CANCEL,	['H' - '@'] = KEY_BACKSPACE,
	['I' - '@'] = KEY_TAB,		['J' - '@'] = KEY_ENTER,
	['K' - '@'] = KEY_KILL_END,	['L' - '@'] = KEY_CLEAR,
	['M' - '@'] = KEY_ENTER,	['N' - '@'] = KEY_DOWN,
	['P' - '@'] = KEY_UP,		['R' - '@'] = KEY_SEARCH,
	['T' - '@'] = KEY_TRANSPOSE,	['U' - '@'] = KEY_KILL_START,
	['W' - '@'] = KEY_KILL_WORD_SPACE, ['Y' - '@'] = KEY_YANK,
	['_' - '@'] = KEY_UNDO,
};

/* Keys after ESC: Alt with a letter. */
static const struct {
	uint8_t		 c;
	enum key	 key;
} meta_keys[] = {
	{ 'b', KEY_WORD_LEFT },		{ 'B', KEY_WORD_LEFT },
	{ 'f', KEY_WORD_RIGHT },	{ 'F', KEY_WORD_RIGHT },
	{ 'd', KEY_KILL_WORD },		{ 'D', KEY_KILL_WORD },
	{ 0x7f, KEY_KILL_WORD_BACK },	{ 0x08, KEY_KILL_WORD_BACK },
};

/* Final letters of CSI and SS3; with a modifier: by word. */
static const struct {
	uint8_t		 c;
	enum key	 key, with_modifier;
} letter_keys[] = {
	{ 'A', KEY_UP, KEY_UP },	{ 'B', KEY_DOWN, KEY_DOWN },
	{ 'C', KEY_RIGHT, KEY_WORD_RIGHT },
	{ 'D', KEY_LEFT, KEY_WORD_LEFT },
	{ 'c', KEY_WORD_RIGHT, KEY_WORD_RIGHT },	/* rxvt */
	{ 'd', KEY_WORD_LEFT, KEY_WORD_LEFT },
	{ 'H', KEY_HOME, KEY_HOME },	{ 'F', KEY_END, KEY_END },
	{ 'Z', KEY_BACKTAB, KEY_BACKTAB },
	{ 'M', KEY_ENTER, KEY_ENTER },	/* SS3: keypad */
};

void
keys_init(struct keys *k)
{
	memset(k, 0, sizeof(*k));
}

void
keys_feed(struct keys *k, const void *data, size_t len, uint64_t now_ms,
    key_cb cb, void *arg)
{
	const uint8_t *p = data;
	size_t i;

	keys_tick(k, now_ms, cb, arg);
	for (i = 0; i < len; i++)
		keys_byte(k, p[i], cb, arg);
	if (k->state == KS_GROUND)
		k->deadline_ms = 0;
	else
		k->deadline_ms = now_ms +
		    (k->state == KS_ESC ? KEYS_ESC_MS : KEYS_SEQ_MS);
}

void
keys_tick(struct keys *k, uint64_t now_ms, key_cb cb, void *arg)
{
	bool lone;

	if (k->deadline_ms == 0 || now_ms < k->deadline_ms)
		return;
	lone = k->state == KS_ESC;
	if (k->state == KS_UTF8)
		cb(arg, KEY_BAD, NULL, 0);
	k->state = KS_GROUND;
	k->meta = false;
	k->deadline_ms = 0;
	if (lone)
		cb(arg, KEY_ESC, NULL, 0);
}

static void
keys_byte(struct keys *k, uint8_t c, key_cb cb, void *arg)
{
	switch (k->state) {
	case KS_UTF8:
		keys_utf8(k, c, cb, arg);
		break;
	case KS_GROUND:
		keys_ground(k, c, cb, arg);
		break;
	case KS_ESC:
		keys_esc(k, c, cb, arg);
		break;
	case KS_SS3:
	case KS_CSI:
		keys_csi(k, c, cb, arg);
		break;
	case KS_CSI_LINUX:	/* ESC [ [ A: function keys of the console */
		k->state = KS_GROUND;
		break;
	case KS_STRING:
	case KS_STRING_ESC:
		keys_string(k, c, cb, arg);
		break;
	}
}

static void
keys_ground(struct keys *k, uint8_t c, key_cb cb, void *arg)
{
	bool after_cr = k->last_cr;
	char ch = (char)c;

	k->last_cr = c == '\r';
	k->meta = false;
	if (c == ESC) {
		k->state = KS_ESC;
	} else if (c == '\n' && after_cr) {
		return;
	} else if (c < 0x20) {
		if (control_keys[c] != KEY_NONE)
			cb(arg, control_keys[c], NULL, 0);
	} else if (c == 0x7f) {
		cb(arg, KEY_BACKSPACE, NULL, 0);
	} else if (c < 0x80) {
		cb(arg, KEY_CHAR, &ch, 1);
	} else if (c >= 0xc2 && c <= 0xf4) {
		k->want = c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
		k->seq[0] = ch;
		k->len = 1;
		k->state = KS_UTF8;
	} else {
		cb(arg, KEY_BAD, NULL, 0);
	}
}

static void
keys_utf8(struct keys *k, uint8_t c, key_cb cb, void *arg)
{
	uint32_t cp;

	if ((c & 0xc0) != 0x80) {
		k->state = KS_GROUND;
		cb(arg, KEY_BAD, NULL, 0);
		keys_ground(k, c, cb, arg);
		return;
	}
	k->seq[k->len++] = (char)c;
	if (k->len < k->want)
		return;
	k->state = KS_GROUND;
	if (utf8_decode(k->seq, k->len, &cp) == k->len)
		cb(arg, KEY_CHAR, k->seq, k->len);
	else
		cb(arg, KEY_BAD, NULL, 0);
}

static void
keys_esc(struct keys *k, uint8_t c, key_cb cb, void *arg)
{
	size_t i;

	k->len = 0;
	k->swallowed = 0;
	k->state = KS_GROUND;
	switch (c) {
	case ESC:		/* Alt and a sequence, or ESC twice */
		k->meta = true;
		k->state = KS_ESC;
		return;
	case '[':
		k->state = KS_CSI;
		return;
	case 'O':
		k->state = KS_SS3;
		return;
	case ']': case 'P': case '_': case '^': case 'X':
		k->state = KS_STRING;
		return;
	}
	for (i = 0; i < sizeof(meta_keys) / sizeof(meta_keys[0]); i++) {
		if (meta_keys[i].c == c) {
			k->meta = false;
			cb(arg, meta_keys[i].key, NULL, 0);
			return;
		}
	}
	/* A key of its own after a lone ESC; Alt with a letter is swallowed. */
	if (c < 0x20 || c >= 0x80)
		keys_ground(k, c, cb, arg);
	k->meta = false;
}

static void
keys_csi(struct keys *k, uint8_t c, key_cb cb, void *arg)
{
	enum key key;

	if (c == ESC) {
		k->meta = false;
		k->state = KS_ESC;
		return;
	}
	if (c == '[' && k->state == KS_CSI && k->len == 0) {
		k->state = KS_CSI_LINUX;
		return;
	}
	if (c >= 0x40 && c <= 0x7e) {
		key = k->swallowed > 0 ? KEY_NONE : csi_key(k, c);
		k->state = KS_GROUND;
		k->meta = false;
		if (key != KEY_NONE)
			cb(arg, key, NULL, 0);
		return;
	}
	if (c < 0x20 || c > 0x7e) {	/* broken off: the byte counts */
		k->state = KS_GROUND;
		k->meta = false;
		keys_ground(k, c, cb, arg);
		return;
	}
	if (k->len < KEYS_SEQ_MAX)
		k->seq[k->len++] = (char)c;
	else if (++k->swallowed > KEYS_SWALLOW_MAX)
		k->state = KS_GROUND;
}

static enum key
csi_key(const struct keys *k, uint8_t c)
{
	unsigned int param[2] = { 0, 0 };
	size_t i, n = 0;
	bool modified;

	for (i = 0; i < k->len; i++) {
		if (k->seq[i] == ';') {
			if (++n > 1)
				return KEY_NONE;
		} else if (k->seq[i] >= '0' && k->seq[i] <= '9' &&
		    param[n] < 1000) {
			param[n] = param[n] * 10 +
			    (unsigned int)(k->seq[i] - '0');
		} else {
			return KEY_NONE;	/* private or odd */
		}
	}
	/* Shift alone (2) is not a modifier here; rxvt: ESC O 5 D. */
	modified = param[1] > 2 || k->meta ||
	    (k->state == KS_SS3 && param[0] > 2);
	if (c == '~') {
		if (param[0] == 3 && modified)
			return KEY_KILL_WORD;
		return tilde_key(param[0]);
	}
	if (c == 'M' && k->state != KS_SS3)
		return KEY_NONE;
	for (i = 0; i < sizeof(letter_keys) / sizeof(letter_keys[0]); i++)
		if (letter_keys[i].c == c)
			return modified ? letter_keys[i].with_modifier :
			    letter_keys[i].key;
	return KEY_NONE;
}

static enum key
tilde_key(unsigned int n)
{
	switch (n) {
	case 1: case 7:
		return KEY_HOME;
	case 3:
		return KEY_DELETE;
	case 4: case 8:
		return KEY_END;
	case 5:
		return KEY_PGUP;
	case 6:
		return KEY_PGDN;
	case 200:
		return KEY_PASTE_BEGIN;
	case 201:
		return KEY_PASTE_END;
	}
	return KEY_NONE;
}

/* OSC, DCS, APC, PM, SOS: up to BEL or ESC \; another ESC breaks it off. */
static void
keys_string(struct keys *k, uint8_t c, key_cb cb, void *arg)
{
	if (k->state == KS_STRING_ESC) {
		if (c == '\\')
			k->state = KS_GROUND;
		else
			keys_esc(k, c, cb, arg);
		return;
	}
	if (c == BEL || ++k->swallowed > KEYS_SWALLOW_MAX)
		k->state = KS_GROUND;
	else if (c == ESC)
		k->state = KS_STRING_ESC;
}
