/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table.c - tables, as plain text or as markdown (columns are padded either way);
 * goals and whether they are met; and the file of results, one a line: TARGET, WHAT
 * and VALUE, or "goal" and a row of the table of goals, with tabs between.
 */
#include "bench.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static FILE *results;
static const int goal_widths[] = {36, 7, 16, 8, 8};

void cell(char *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, 48, format, arguments);
    va_end(arguments);
}

void table_row(const struct table *table, char cells[][48])
{
    for (int n = 0; n < table->columns; n++) {
        int width = n == 0 ? -table->width[n] : table->width[n];
        if (table->markdown)
            printf("| %*s ", width, cells[n]);
        else
            printf("%s%*s", n ? "  " : "", width, cells[n]);
    }
    printf(table->markdown ? "|\n" : "\n");
}

void table_head(const struct table *table, char cells[][48])
{
    static const char dashes[] = "------------------------------------------------";
    table_row(table, cells);
    for (int n = 0; n < table->columns; n++) {
        int width = table->width[n];
        if (table->markdown)
            printf("|%s%.*s%s", n ? "-" : ":", width, dashes, n ? ":" : "-");
        else
            printf("%s%.*s", n ? "  " : "", width, dashes);
    }
    printf(table->markdown ? "|\n" : "\n");
}

void results_open(const char *path)
{
    if (path && !(results = fopen(path, "a")))
        die("cannot write results to %s: %s", path, strerror(errno));
}

void result(const char *target, const char *what, double value)
{
    if (results)
        fprintf(results, "%s\t%s\t%.5g\n", target, what, value);
}

static bool met(const struct limit *limit, double value)
{
    switch (limit->goal) {
    case NONE: return true;
    case AT_MOST: return value <= limit->limit;
    case AT_LEAST: return value >= limit->limit;
    }
    return false;
}

/* The cells of a row of the table of goals; it is written down too. */
static bool judge(char cells[5][48], const struct limit *limit, double value, double *by_round, int rounds)
{
    cell(cells[0], "%s", limit->label);
    cell(cells[1], "%.2f", value);
    cell(cells[2], "-");
    cell(cells[3], "-");
    cell(cells[4], "-");
    if (by_round) {
        sort(by_round, (size_t)rounds);
        cell(cells[2], "%.2f to %.2f", percentile(by_round, (size_t)rounds, 25),
             percentile(by_round, (size_t)rounds, 75));
    }
    if (limit->goal != NONE) {
        cell(cells[3], "%s %.3g", limit->goal == AT_MOST ? "<=" : ">=", limit->limit);
        cell(cells[4], "%s", met(limit, value) ? "met" : "NOT MET");
    }
    if (results)
        fprintf(results, "goal\t%s\t%s\t%s\t%s\t%s\n", cells[0], cells[1], cells[2], cells[3], cells[4]);
    return met(limit, value);
}

/*
 * A row of the table of goals, which begins with the first. The quartiles over the
 * rounds show how far to trust a ratio: each pairs two visits close in time.
 */
bool goals_row(bool markdown, const struct limit *limit, double value, double *by_round, int rounds)
{
    static bool begun;
    struct table table = {markdown, 5, goal_widths};
    char head[5][48] = {"figure", "value", "rounds, 25-75 %", "goal", "verdict"}, cells[5][48];
    bool good = judge(cells, limit, value, by_round, rounds);
    if (!begun) {
        printf("\n");
        table_head(&table, head);
        begun = true;
    }
    table_row(&table, cells);
    return good;
}

/* A goal that another table shows. */
bool goal_met(const struct limit *limit, double value)
{
    char cells[5][48];
    return judge(cells, limit, value, NULL, 0);
}
