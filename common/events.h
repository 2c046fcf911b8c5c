/* SPDX-License-Identifier: MIT */
/*
 * Every event that may appear in the log, in /log, and in the journal:
 * X(NAME, level, "fields", "meaning", "remedy" or "").
 * The name in the log is lower-case.  Kept in sections by daemon; a new event
 * goes to the end of its section.  A warning has a remedy where the operator
 * can do something.
 */
#ifndef MICELIO_EVENTS_H
#define MICELIO_EVENTS_H

#define EVENT_TABLE(X)							      \
	/* everywhere */						      \
	X(DEBUG, DEBUG, "text", "detail for developers", "")		      \
	X(FATAL, ERROR, "text", "the process cannot go on and exits",	      \
	    "if it comes again, report it with the lines before it")	      \
	X(CHANNEL_VIOLATION, ERROR, "from text more",			      \
	    "a process of this node sent another what it must not: a bug, or an attack", \
	    "report it; keep the lines before it")			      \
	X(SANDBOX_WEAK, WARN, "lacks",					      \
	    "the kernel lacks part of the sandbox; the daemon runs without it", \
	    "use a kernel with Landlock and seccomp")			      \
	X(LOG_LOST, WARN, "lines",					      \
	    "whoever reads the log did not keep up: so many lines were dropped", \
	    "let it be read, or log to the journal")			      \
	X(LOG_LEVEL, INFO, "child level for", "an operator changed what a program logs, for a time", "") \
	/* micelio */							      \
	X(NODE_STARTING, INFO, "version name pid mode", "the node begins to start", "") \
	X(NODE_READY, INFO, "node name ms", "all daemons are up and sandboxed", "") \
	X(NODE_STOPPING, INFO, "reason", "the node stops", "")		      \
	X(NODE_STOPPED, INFO, "ms", "all daemons have ended", "")	      \
	X(CHILD_LOST, ERROR, "child pid status", "a daemon ended unasked; an essential one stops the node", \
	    "see the lines of that daemon before this one")		      \
	X(CHILD_HUNG, ERROR, "child pid ms", "a daemon does not answer and is killed", \
	    "see the lines of that daemon before this one")		      \
	X(CHILD_RESPAWNED, INFO, "child pid", "a daemon that is not essential was started again", "") \
	X(IDENTITY_CREATED, INFO, "node file", "a new identity was made and written", "") \
	X(LISTENING, INFO, "what addr", "a socket is bound and listening", "") \
	X(CONFIG_RELOADED, INFO, "changed restart", "a changed configuration is in force", "") \
	X(CONFIG_REFUSED, WARN, "errors", "a changed configuration was refused; the old one stays", \
	    "micelio -n shows every error with its line")		      \
	X(KEY_REFUSED, WARN, "child purpose reason more", "the key service refused a request", \
	    "a bug or an attack in that daemon: report it")		      \
	X(AUTHKEYS_READ, DEBUG, "file bytes", "authorized_keys was read and handed to sshd", "") \
	X(AUTHKEYS_MISSING, WARN, "file", "no authorized_keys: nobody can log in by SSH", \
	    "put a public key into that file; it is read at once")	      \
	X(FILE_MODE, WARN, "file mode", "a file or directory is readable by others than its owner", "chmod it as the line says") \
	X(AUTHKEYS_UNREADABLE, WARN, "file text", "authorized_keys cannot be used; the keys read before stay", \
	    "mend what the line says; the file is read again when it changes") \
	X(START_FAILED, ERROR, "text", "the node could not be started", "do what the text says") \
	/* transportd */						      \
	X(CONN_REFUSED, INFO, "addr cause text more", "an inbound connection was refused or ended before its hello", "") \
	X(DIAL_FAILED, DEBUG, "addr cause text", "an outbound connection did not come up", "") \
	X(CONN_LOST, DEBUG, "addr dir cause text", "a connection with a peer ended", "") \
	X(ACCEPT_PAUSED, WARN, "listen text", "no descriptor or memory for new connections; accepting pauses", \
	    "raise LimitNOFILE or lower network.max_unfinished")	      \
	/* gossipd */							      \
	X(PEER_UP, INFO, "id addr dir", "a peer is connected and known by its key", "") \
	X(PEER_DOWN, INFO, "id addr dir up cause", "a peer's connection ended", "") \
	X(GUEST_GONE, DEBUG, "id addr dir up cause", "a node that was connected beside network.max_peers for a moment went; its coming is not logged", "") \
	X(GUEST_KEPT, INFO, "id addr", "a passing guest had messages that were missing here, or lacked ours: it stays", "") \
	X(HELLO_REFUSED, WARN, "addr check text", "a connection failed a check of the hello", \
	    "a foreign or broken program; nothing to do unless it is yours")  \
	X(MESSAGE_REFUSED, WARN, "id addr check text more", "a peer sent messages that fail a check", \
	    "a broken or hostile peer; remove it from network.bootstrap if it is there") \
	X(BOOTSTRAP_DOWN, WARN, "addr cause next", "a configured peer cannot be reached", \
	    "check the address and that the node there is running")	      \
	X(TABLE_FULL, WARN, "table max cause author more", "a table that forgets nothing early is full, or an author's share of it: what is new is refused until entries expire", \
	    "somebody sends far too much: see micelioctl stats, and peers for who brings it; unlink them") \
	X(PEER_REFUSED, INFO, "id addr cause text more", "a node that proved who it is was not taken as a peer", "") \
	X(BROADCAST_PARTIAL, WARN, "sent total more", "a message of this node was not given to every peer: a link is behind", \
	    "see micelioctl peers for the link that does not drain")	      \
	X(CHAT_LOST, WARN, "cause more", "a line that had been held back could not be sent", \
	    "say it again")						      \
	X(CLOCK_OFF, WARN, "text neighbours", "the clock of this node differs from its neighbours' by more than a minute; what is said here may not be taken", \
	    "set the clock; run chrony or systemd-timesyncd")		      \
	X(MESSAGES_LOST, WARN, "id count more", "a peer forgot messages before this node heard of them: its link, or this node, was too slow", \
	    "see micelioctl links for the link that does not drain")	      \
	X(NODE_DOWN, INFO, "id observers missing", "most nodes that are linked with this one, of three or more, have lost it", "") \
	X(NODE_UNREACHABLE, INFO, "id observers missing", "no way of links leads to that node any more, as far as is known here: it is gone, or the mesh is parted", "") \
	X(NODE_BACK, INFO, "id observers missing", "a node that was down or unreachable is there again", "") \
	X(MESH_CHANGED, INFO, "changed up unreachable down", "many nodes came or went at once: so many, of which 16 have a line of their own, and how all nodes are now", "") \
	X(SUSPECTED, INFO, "id addr more", "a linked node says that this one is gone, though the link with it is alive: for ten minutes it is not counted among those who would know", "") \
	X(NAME_TAKEN, WARN, "id addr name more", "a linked node has the same name as this one: people cannot tell the two apart by it", \
	    "give one of the two another node.name; if both are to be one node, stop one of them") \
	/* stated */							      \
	X(STORE_OPEN, INFO, "ms bytes recovered", "the database is open", "") \
	X(STORE_DAMAGED, ERROR, "set_aside instead text", "the database could not be recovered and was set aside; the node goes on with the last backup, or with nothing, and asks other nodes for the map", \
	    "the old files are kept in the directory named: look at the disk, then remove them") \
	X(STORE_FAILED, ERROR, "what text more", "a write to the database failed", \
	    "free disk space or mend the file system; writes are tried again") \
	X(STORE_WELL, INFO, "", "the database can be written again", "")      \
	X(STORE_RECORDS, WARN, "table count", "records of the database are malformed; they are left alone and not used", \
	    "report it with the version that wrote them")		      \
	X(MAP_READ, INFO, "entries authors records", "the map was read from the database and checked", "") \
	X(MAP_EQUIVOCAL, WARN, "author key more", "a node signed two values of one key at one time", \
	    "its key may have been copied, or its disk restored; both values are kept until one is replaced") \
	X(MAP_FULL, WARN, "entries authors more", "the map holds as much as may be: entries of others are not taken", \
	    "configure network.allow, or remove what is not needed")	      \
	X(MAP_SESSION, DEBUG, "link end by ms applied sent found turns bytes_in bytes_out", "the map was compared with that of a linked node", "") \
	X(MAP_COPIED, INFO, "link end by ms applied sent found turns bytes_in bytes_out", "the map was copied from a linked node", "") \
	X(MAP_DELTA_BAD, WARN, "author more", "a node sent entries that are not valid: what it sends is ignored for ten minutes", \
	    "its software is broken, or it is hostile: see micelioctl state, micelioctl unlink") \
	X(MAP_PROFILE_OTHER, WARN, "id what more", "a linked node has another idea of the map (profile): its map and ours stay apart", \
	    "give the same network.allow to both, or none") \
	X(MAP_BACKUP, INFO, "dir ms bytes records", "a backup of the database was written and read back", "") \
	X(MAP_BACKUP_FAILED, ERROR, "dir text", "a backup of the database could not be written, or not be read back", \
	    "make room, or mend the file system; the backup before it is kept") \
	/* sshd */							      \
	X(LOGIN, INFO, "user addr key role", "somebody logged in", "")	      \
	X(LOGIN_REFUSED, INFO, "user addr key cause more", "a login was refused", "") \
	X(LOGOUT, INFO, "user addr cause up", "a login ended", "")	      \
	X(SSH_REFUSED, INFO, "addr cause", "an SSH connection was refused before login", "") \
	X(SESSION_LIED, WARN, "addr text", "a session process claimed what it could not prove; it is ended", \
	    "an attack on the SSH parser: report it")			      \
	X(MODERATED, INFO, "act target of by key text", "an operator kicked, banned or muted somebody, or ended that", "") \
	X(AUTHKEYS_LINE, WARN, "line text", "a line of authorized_keys is refused", \
	    "mend the line; the file is read again when it changes")

#endif
