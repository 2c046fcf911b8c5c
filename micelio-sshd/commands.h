/* SPDX-License-Identifier: MIT */
/* What starts the commands of the table in command.c. */
#ifndef MICELIO_SSHD_COMMANDS_H
#define MICELIO_SSHD_COMMANDS_H

#include <stddef.h>

struct caller;
struct hub;
struct imsg;
struct person;
struct run;

/* commands_console.c */
void	 cmd_console(struct run *);

/* commands_graph.c */
void	 cmd_tree(struct run *);
void	 cmd_graph(struct run *);
void	 cmd_map(struct run *);

/* commands_key.c */
void	 cmd_key(struct run *);
void	 cmd_key_done(struct hub *, struct imsg *);

/* commands_log.c */
void	 cmd_log(struct run *);
void	 cmd_events(struct run *);
void	 cmd_loglevel(struct run *);

/* commands_map.c */
void	 cmd_unwatch(struct run *);
void	 cmd_put(struct run *);
void	 cmd_get(struct run *);
void	 cmd_del(struct run *);
void	 cmd_ls(struct run *);
void	 cmd_versions(struct run *);
void	 cmd_watch(struct run *);
void	 cmd_state(struct run *);
void	 cmd_export(struct run *);
void	 cmd_backup(struct run *);
void	 cmd_verify(struct run *);

/* commands_mesh.c */
void	 cmd_peer(struct run *);
void	 cmd_nodes(struct run *);
void	 cmd_stats(struct run *);
void	 cmd_metrics(struct run *);
void	 cmd_link(struct run *);
/* Dial "[id@]host:port"; the answer ends the run. */
void	 link_order(struct run *, const char *where);
void	 cmd_link_done(struct hub *, struct imsg *);
void	 cmd_unlink(struct run *);
void	 cmd_unlink_done(struct hub *, struct imsg *);
void	 cmd_peers(struct run *);

/* commands_moderate.c */
void	 cmd_kick(struct run *);
void	 cmd_ban(struct run *);
void	 cmd_bans(struct run *);
void	 cmd_unban(struct run *);
void	 cmd_mute(struct run *);
void	 cmd_unmute(struct run *);

/* commands_msg.c */
void	 cmd_msg(struct run *);
void	 cmd_reply(struct run *);

/* commands_node.c */
void	 cmd_status(struct run *);
void	 cmd_health(struct run *);
void	 cmd_version(struct run *);

/* commands_ping.c */
void	 cmd_ping(struct run *);
void	 cmd_ping_done(struct hub *, struct imsg *);

/* commands_config.c */
void	 cmd_config(struct run *);
void	 cmd_check(struct run *);
void	 cmd_reload(struct run *);
void	 cmd_reload_done(struct hub *, struct imsg *);

/* commands_retry.c */
void	 cmd_retry(struct run *);

/* commands_recall.c */
void	 cmd_history(struct run *);
void	 cmd_missed(struct run *);
void	 cmd_search(struct run *);
/* "-- 12 lines since 11:40, 2 mention you: /missed" */
void	 missed_tell(struct caller *);

/* commands_record.c */
void	 cmd_record(struct run *);

/* commands_rooms.c */
void	 cmd_join(struct run *);
void	 cmd_part(struct run *);
void	 cmd_rooms(struct run *);
void	 cmd_topic(struct run *);

/* commands_self.c */
/* What its session's process has to know of the settings. */
void	 settings_tell(struct caller *);
void	 cmd_whois(struct run *);
void	 cmd_set(struct run *);
void	 cmd_away(struct run *);
void	 cmd_back(struct run *);
void	 cmd_ignore(struct run *);
void	 cmd_unignore(struct run *);
/* Who runs it, as they are kept; NULL: the run has ended. */
struct person *self_person(struct run *);

/* commands_talk.c */
void	 cmd_clear(struct run *);
void	 cmd_help(struct run *);
void	 cmd_who(struct run *);
void	 cmd_nick(struct run *);
void	 cmd_quit(struct run *);
void	 cmd_say(struct run *);
void	 cmd_me(struct run *);
void	 cmd_tail(struct run *);
void	 cmd_say_input(struct run *);

/* commands_top.c */
void	 cmd_top(struct run *);
void	 top_free(struct run *);	/* what a run of it keeps */

/* commands_trees.c */
void	 cmd_links(struct run *);
void	 cmd_trace(struct run *);

/* commands_why.c */
void	 cmd_why(struct run *);

/* import.c */
void	 cmd_import(struct run *);

/* commands_whom.c */
void	 cmd_whom(struct run *);

/* commands_motd.c */
void	 cmd_motd(struct run *);
void	 motd_greet(struct caller *);
void	 motd_show(struct run *, const char *, size_t);

/* commands_uptime.c */
void	 cmd_uptime(struct run *);

#endif
