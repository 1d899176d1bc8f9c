/* SPDX-License-Identifier: MIT */
#ifndef CON_APP_H
#define CON_APP_H

/* App - the console as a program: a loop around the UI, or one screen as text. */

#include <stdbool.h>

#include "crumb.h"

struct con_app_options {
    const char *instance;
    const char *plugins;   /* folders, ':' between */
    const char *run;       /* folder of command sockets */
    const char *history;   /* folder of history */
    const char *journals;  /* folder of the alarm monitors' journals */
    const char *display;   /* what to show first; NULL = the overview */
    const char *complaint; /* about the configuration; NULL = none */
    double rate_hz;
    bool is_ascii;
    int width, height; /* once */
};

/* Both return an exit status; `crumb` tells the parent what goes on. */
int con_app_run(const struct con_app_options *options, struct con_crumb *crumb);
int con_app_once(const struct con_app_options *options, struct con_crumb *crumb);

#endif /* CON_APP_H */
