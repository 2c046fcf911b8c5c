/* SPDX-License-Identifier: MIT */
/*
 * Deliveries over the time since a message was said: the share of all nodes
 * that have it, one line a phase, as SVG or as columns for gnuplot.
 */
#include <stdio.h>
#include <string.h>

#include "sim.h"

#define WIDTH	800u
#define HEIGHT	400u
#define MARGIN	50u

static const char *const colours[PHASES_MAX] = { "#1b6ca8", "#c0392b",
	"#27875a", "#8e44ad", "#b9770e", "#2c3e50", "#7f8c8d", "#d35400" };

/* Slots of a millisecond until everything is there. */
static size_t
extent(const struct world *w)
{
	size_t i, most = 1;
	uint32_t k;

	for (k = 0; k < w->sc->nspan; k++)
		for (i = most; i < LATENCY_SLOTS; i++)
			if (w->phase[k].latency[i] > 0)
				most = i + 1;
	return most;
}

static void
columns(const struct world *w, FILE *f, size_t most)
{
	uint64_t sum[PHASES_MAX] = { 0 };
	uint32_t k;
	size_t i;

	fprintf(f, "# ms");
	for (k = 0; k < w->sc->nspan; k++)
		fprintf(f, " %s", w->sc->span[k].name);
	for (i = 0; i < most; i++) {
		fprintf(f, "\n%zu", i);
		for (k = 0; k < w->sc->nspan; k++) {
			sum[k] += w->phase[k].latency[i];
			fprintf(f, " %.5f", w->phase[k].wanted > 0 ?
			    (double)sum[k] / (double)w->phase[k].wanted : 0);
		}
	}
	fprintf(f, "\n");
}

static void
curve(const struct world *w, FILE *f, uint32_t k, size_t most)
{
	const struct phase *p = &w->phase[k];
	uint64_t sum = 0;
	size_t i;

	if (p->wanted == 0)
		return;
	fprintf(f, "<polyline fill=\"none\" stroke=\"%s\" "
	    "stroke-width=\"1.5\" points=\"", colours[k]);
	for (i = 0; i < most; i++) {
		sum += p->latency[i];
		if (most > WIDTH * 2 && i % (most / WIDTH) != 0)
			continue;
		fprintf(f, "%.1f,%.1f ", MARGIN + (double)i * WIDTH /
		    (double)most, MARGIN + HEIGHT - (double)sum * HEIGHT /
		    (double)p->wanted);
	}
	fprintf(f, "\"/>\n<text x=\"%u\" y=\"%u\" fill=\"%s\">%s</text>\n",
	    MARGIN + WIDTH - 100, MARGIN + HEIGHT - 20 - 18 * k, colours[k],
	    w->sc->span[k].name);
}

static void
axes(const struct world *w, FILE *f, size_t most)
{
	unsigned int i;

	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" "
	    "height=\"%u\" font-family=\"sans-serif\" font-size=\"12\">\n"
	    "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
	    "<text x=\"%u\" y=\"25\">%s, %u nodes, seed %llu: share of nodes "
	    "over ms since it was said</text>\n", WIDTH + 2 * MARGIN,
	    HEIGHT + 2 * MARGIN, MARGIN, w->sc->name, w->n,
	    (unsigned long long)w->seed);
	for (i = 0; i <= 4; i++)
		fprintf(f, "<path stroke=\"#ddd\" d=\"M%u %uh%u\"/>"
		    "<text x=\"5\" y=\"%u\">%u %%</text>"
		    "<text x=\"%u\" y=\"%u\">%zu</text>\n", MARGIN,
		    MARGIN + HEIGHT - i * HEIGHT / 4, WIDTH,
		    MARGIN + HEIGHT - i * HEIGHT / 4 + 4, i * 25,
		    MARGIN + i * WIDTH / 4 - 8, MARGIN + HEIGHT + 20,
		    most * i / 4);
}

bool
plot_write(const struct world *w, const char *path)
{
	size_t most = extent(w), n = strlen(path);
	bool svg = n > 4 && strcmp(path + n - 4, ".svg") == 0;
	uint32_t k;
	FILE *f;

	if ((f = fopen(path, "we")) == NULL)
		return false;
	if (svg) {
		axes(w, f, most);
		for (k = 0; k < w->sc->nspan; k++)
			curve(w, f, k, most);
		fprintf(f, "</svg>\n");
	} else
		columns(w, f, most);
	return fclose(f) == 0;
}
