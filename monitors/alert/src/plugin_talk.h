/* SPDX-License-Identifier: MIT */
#ifndef ALERT_PLUGIN_TALK_H
#define ALERT_PLUGIN_TALK_H

/*
 * What a plugin's process (worker.c) and the monitor (plugins.c) say to each other. Lines of text:
 *
 *   monitor -> worker (standard input)      worker -> monitor (descriptor 3)
 *   P SOURCE SUBSYSTEM CREATED NEXT         H NAME          loaded: an alert plugin of that name
 *   G          that was all: begin          E TEXT          refused, for good
 *                                           F SOURCE SUBSYSTEM          it fits this region
 *                                           J ...           one judgement, see below
 *                                           A               alive, nothing to say
 *
 * J SOURCE SUBSYSTEM CREATED NUMBER EPOCH ORDER MONO UTC DEVICE TRUTH WHY
 *
 * The worker ends when its standard input does. It exits with ALERT_WORKER_OTHER when the module is
 * no alert plugin. All it says is checked: a plugin may write there, too.
 */

#define ALERT_WORKER_ARGUMENT "--plugin-worker"
#define ALERT_WORKER_FD       3
#define ALERT_WORKER_OTHER    3
#define ALERT_WORKER_LINE_MAX 512
#define ALERT_WHY_SIZE        160

#endif /* ALERT_PLUGIN_TALK_H */
