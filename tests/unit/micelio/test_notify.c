/* SPDX-License-Identifier: MIT */
/* What systemd hands over, in a process of its own for each case. */
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf.h"
#include "errtext.h"
#include "imsg.h"
#include "listen.h"
#include "log.h"
#include "notify.h"
#include "privs.h"

static char base[64], path[128];
static int server;

static int
setup(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	(void)state;
	snprintf(base, sizeof(base), "/tmp/micelio-test-XXXXXX");
	if (mkdtemp(base) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/n", base);
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%.100s", path);
	server = socket(AF_UNIX, SOCK_DGRAM, 0);
	return bind(server, (struct sockaddr *)&sun, sizeof(sun));
}

static int
teardown(void **state)
{
	(void)state;
	close(server);
	(void)unlink(path);
	return rmdir(base);
}

static int
run(int (*body)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(body());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
body_notify(void)
{
	struct notify n;

	setenv("NOTIFY_SOCKET", path, 1);
	setenv("WATCHDOG_USEC", "4000000", 1);
	notify_init(&n);
	if (n.fd == -1 || n.watchdog_ms != 4000 || n.nlisten != 0)
		return 1;
	/* No child may take them for its own. */
	if (getenv("NOTIFY_SOCKET") != NULL || getenv("WATCHDOG_USEC") != NULL)
		return 2;
	notify_send(&n, "READY=1\nSTATUS=%s\n", "up");
	return 0;
}

static void
test_notify(void **state)
{
	char buf[64] = "";
	ssize_t n;

	(void)state;
	assert_int_equal(run(body_notify), 0);
	n = recv(server, buf, sizeof(buf) - 1, MSG_DONTWAIT);
	assert_int_equal(n, strlen("READY=1\nSTATUS=up\n"));
	assert_string_equal(buf, "READY=1\nSTATUS=up\n");
}

static int
body_not_ours(void)
{
	struct notify n;

	setenv("LISTEN_PID", "1", 1);
	setenv("LISTEN_FDS", "2", 1);
	setenv("WATCHDOG_PID", "1", 1);
	setenv("WATCHDOG_USEC", "4000000", 1);
	unsetenv("NOTIFY_SOCKET");
	notify_init(&n);
	notify_send(&n, "READY=1\n");	/* to nobody */
	return n.nlisten == 0 && n.watchdog_ms == 0 && n.fd == -1 ? 0 : 1;
}

/* Two listening sockets as 3 and 4, and junk above. */
static int
body_listen(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	struct conf conf;
	struct listeners ls;
	struct privs privs = { .mode = MODE_PERSONAL };
	struct notify n;
	char text[64], err[ERR_MAX], one[64];
	int fd[2];

	for (int i = 0; i < 2; i++) {
		fd[i] = fcntl(socket(AF_INET, SOCK_STREAM, 0), F_DUPFD, 40);
		sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		sin.sin_port = 0;
		if (bind(fd[i], (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
		    listen(fd[i], 1) == -1 || dup2(fd[i], 3 + i) == -1)
			return 1;
	}
	if (getsockname(3, (struct sockaddr *)&sin, &len) == -1)
		return 2;
	snprintf(one, sizeof(one), "127.0.0.1:%u", ntohs(sin.sin_port));
	snprintf(text, sizeof(text), "%d", (int)getpid());
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", "2", 1);
	notify_init(&n);
	if (n.nlisten != 2 || n.listen_fd[0] < 16 || n.listen_fd[1] < 16)
		return 3;
	if (fcntl(n.listen_fd[0], F_GETFD) != FD_CLOEXEC)
		return 4;
	/* What nobody handed over is closed. */
	if (fcntl(3, F_GETFD) != -1 || fcntl(fd[0], F_GETFD) != -1)
		return 5;
	/* Its address is bound already: only the take-over can succeed. */
	conf_init(&conf);
	strlist_free(&conf.ssh_listen);
	strlist_add(&conf.network_listen, one);
	memset(&ls, 0, sizeof(ls));
	snprintf(ls.control, sizeof(ls.control), "%s/c", base);
	/* The second socket is named nowhere: refused, and said. */
	log_init("micelio", LOG_TEXT, LOG_LVL_ERROR);
	if (listen_open(&ls, &conf, &privs, &n, err) == 0 ||
	    strstr(err, "which no setting names") == NULL)
		return 6;
	conf_free(&conf);
	return 0;
}

static void
test_listen(void **state)
{
	(void)state;
	assert_int_equal(run(body_not_ours), 0);
	assert_int_equal(run(body_listen), 0);
}

static int
body_bind(void)
{
	struct listeners ls = { .n = 0 };
	struct privs privs = { .mode = MODE_PERSONAL };
	struct notify n = { .fd = -1 };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	struct conf conf;
	char err[ERR_MAX], taken[64], want[64];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	log_init("micelio", LOG_TEXT, LOG_LVL_ERROR);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(fd, 1) == -1 ||
	    getsockname(fd, (struct sockaddr *)&sin, &len) == -1)
		return 1;
	snprintf(taken, sizeof(taken), "127.0.0.1:%u", ntohs(sin.sin_port));
	conf_init(&conf);
	strlist_free(&conf.ssh_listen);
	strlist_add(&conf.ssh_listen, "127.0.0.1:0");
	snprintf(ls.control, sizeof(ls.control), "%s/c", base);
	if (listen_open(&ls, &conf, &privs, &n, err) != 0 || ls.n != 2 ||
	    access(ls.control, F_OK) == -1)
		return 2;
	/* As bound, not as asked for. */
	if (strcmp(ls.v[0].text, "127.0.0.1:0") == 0)
		return 3;
	listen_close(&ls);
	if (access(ls.control, F_OK) == 0)
		return 4;
	strlist_add(&conf.network_listen, taken);
	if (listen_open(&ls, &conf, &privs, &n, err) == 0)
		return 5;
	snprintf(want, sizeof(want), "(pid %d)", (int)getpid());
	/* Its name: under valgrind the process has another. */
	if (strstr(err, "address in use by \"") == NULL ||
	    strstr(err, want) == NULL || strstr(err, "set network.listen") ==
	    NULL)
		return 6;
	conf_free(&conf);
	return 0;
}

static void
test_bind(void **state)
{
	(void)state;
	assert_int_equal(run(body_bind), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_notify, setup, teardown),
		cmocka_unit_test_setup_teardown(test_listen, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bind, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
