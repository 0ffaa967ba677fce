/* SPDX-License-Identifier: Apache-2.0 */
/* The client against daemons that behave, hang up, or send what no daemon would. */
#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/ask.h"
#include "cli/client.h"
#include "common/frame.h"
#include "lib/check.h"

static struct pgm_cli cli;
static char socket_path[PATH_MAX + 16];

static int listen_here(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/pgmoat-test-XXXXXX";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0 && mkdtemp(folder));
	memset(&cli, 0, sizeof(cli));
	snprintf(cli.config.run_dir, sizeof(cli.config.run_dir), "%s", folder);
	snprintf(cli.config.pin_dir, sizeof(cli.config.pin_dir), "%s/pins", folder);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/control.sock", folder);
	snprintf(socket_path, sizeof(socket_path), "%s", addr.sun_path);
	CHECK_INT(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	CHECK_INT(listen(fd, 4), 0);
	return fd;
}

static void remove_folder(void)
{
	unlink(socket_path);
	rmdir(cli.config.run_dir);
}

/* A daemon that takes one connection, reads `take` bytes and sends these bytes. */
static pid_t daemon_that_sends(const void *bytes, size_t len, size_t take)
{
	int listener = listen_here();
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid == 0) {
		int fd = accept(listener, NULL, NULL);
		char in[4096];
		while (take > 0) {
			ssize_t got = read(fd, in, take < sizeof(in) ? take : sizeof(in));
			if (got <= 0)
				break;
			take -= (size_t)got;
		}
		for (size_t at = 0; at < len;) {
			ssize_t sent = send(fd, (const char *)bytes + at, len - at, MSG_NOSIGNAL);
			if (sent <= 0)
				break;
			at += (size_t)sent;
		}
		_exit(0);
	}
	close(listener);
	return pid;
}

static void reap(pid_t pid)
{
	int status;

	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	remove_folder();
}

/* Bytes of frames with these bodies; the list ends with NULL. */
static size_t frames(char *buf, const char *const *bodies)
{
	size_t len = 0;

	for (; *bodies; bodies++) {
		uint32_t size = (uint32_t)strlen(*bodies);
		pgm_frame_header(size, (uint8_t *)buf + len);
		memcpy(buf + len + 4, *bodies, size);
		len += 4 + size;
	}
	return len;
}

#define REQUEST_BYTES (4 + sizeof("{\"cmd\":\"status\"}") - 1)

static size_t parts_seen;
static int see_part(const json_t *part, void *arg)
{
	(void)arg;
	parts_seen += json_array_size(json_object_get(part, "rules"));
	return 0;
}

static int ask_with(const struct pgm_cli_asker *asker, json_t **final)
{
	*final = NULL;
	return pgm_cli_ask_raw(&cli, json_pack("{s:s}", "cmd", "status"), asker, final);
}

static void parts_progress_and_the_end(void)
{
	static const char *const bodies[] = {"{\"part\":{\"rules\":[1,2]}}",
	                                     "{\"progress\":{\"stage\":\"x\",\"done\":1,\"total\":2}}",
	                                     "{\"progress\":{}}",
	                                     "{\"part\":{\"rules\":[3]}}",
	                                     "{\"ok\":true,\"total\":3}",
	                                     NULL};
	const struct pgm_cli_asker asker = {.part = see_part};
	char buf[1024];
	json_t *final;
	pid_t pid = daemon_that_sends(buf, frames(buf, bodies), REQUEST_BYTES);

	parts_seen = 0;
	CHECK_INT(ask_with(&asker, &final), PGM_CLI_DONE);
	CHECK_INT(parts_seen, 3);
	CHECK_INT(json_integer_value(json_object_get(final, "total")), 3);
	json_decref(final);
	reap(pid);
}

static void kinds_become_exit_codes(void)
{
	static const struct {
		const char *body;
		int code;
	} rows[] = {
	        {"{\"ok\":false,\"kind\":\"usage\",\"error\":\"e\",\"hint\":\"h\"}", PGM_CLI_USAGE},
	        {"{\"ok\":false,\"kind\":\"denied\",\"error\":\"e\"}", PGM_CLI_FAILED},
	        {"{\"ok\":false,\"kind\":\"not-found\",\"error\":\"e\"}", PGM_CLI_FAILED},
	        {"{\"ok\":false}", PGM_CLI_FAILED},
	        {"{\"ok\":1,\"kind\":7,\"error\":[]}", PGM_CLI_FAILED},
	};
	const struct pgm_cli_asker asker = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *const bodies[] = {rows[i].body, NULL};
		char buf[256];
		json_t *final;
		pid_t pid = daemon_that_sends(buf, frames(buf, bodies), REQUEST_BYTES);
		CHECK_INT(ask_with(&asker, &final), rows[i].code);
		CHECK(!final);
		reap(pid);
	}
}

static void what_no_daemon_would_send(void)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
	        {"", 0},                  /* hangs up */
	        {"\0\0", 2},              /* in the middle of a head */
	        {"\0\0\0\x10{\"ok\"", 9}, /* in the middle of a body */
	        {"\0\0\0\0", 4},          /* empty frame */
	        {"\0\4\0\1", 4},          /* one byte over the limit */
	        {"\xff\xff\xff\xff", 4},
	        {"\0\0\0\2[]", 6},                /* no object */
	        {"\0\0\0\3\"\xff\"", 7},          /* no UTF-8 */
	        {"\0\0\0\x0b{\"ok\":true}x", 16}, /* fine, then rubbish behind the end: not looked at */
	};
	const struct pgm_cli_asker asker = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *final;
		pid_t pid = daemon_that_sends(rows[i].bytes, rows[i].len, REQUEST_BYTES);
		bool last = i == sizeof(rows) / sizeof(rows[0]) - 1;
		CHECK_INT(ask_with(&asker, &final), last ? PGM_CLI_DONE : PGM_CLI_NOT_ASKED);
		json_decref(final);
		reap(pid);
	}
}

static int send_much(struct pgm_cli_client *client, void *arg, struct pgm_error *err)
{
	json_t *frame = json_pack("{s:s}", "lines", "192.0.2.1\n");
	int result = 0;

	(void)arg;
	while (result == 0 && !pgm_cli_client_pending(client))
		result = pgm_cli_client_send(client, frame, err);
	json_decref(frame);
	return result;
}

static void an_early_no_is_heard(void)
{
	static const char *const bodies[] = {"{\"ok\":false,\"kind\":\"denied\",\"error\":\"only root may do that\"}",
	                                     NULL};
	const struct pgm_cli_asker asker = {.upload = send_much};
	char buf[256];
	json_t *final;

	pid_t pid = daemon_that_sends(buf, frames(buf, bodies), REQUEST_BYTES);
	CHECK_INT(ask_with(&asker, &final), PGM_CLI_FAILED);
	reap(pid);
}

static void largest_frame(void)
{
	static const char end[] = "{\"ok\":true}";
	const struct pgm_cli_asker asker = {0};
	char *buf = malloc(PGM_FRAME_MAX + 4);
	json_t *final;

	CHECK(buf);
	memset(buf, ' ', PGM_FRAME_MAX + 4);
	pgm_frame_header(PGM_FRAME_MAX, (uint8_t *)buf);
	memcpy(buf + 4, end, sizeof(end) - 1);
	pid_t pid = daemon_that_sends(buf, PGM_FRAME_MAX + 4, REQUEST_BYTES);
	CHECK_INT(ask_with(&asker, &final), PGM_CLI_DONE);
	json_decref(final);
	reap(pid);
	free(buf);
}

static void open_code(int want, const char *says)
{
	struct pgm_cli_client *client = NULL;
	struct pgm_error err = {0};

	CHECK_INT(pgm_cli_client_open(&cli.config, &client, &err), want);
	CHECK(!client);
	CHECK_HAS(err.hint, says);
}

static void nobody_there(void)
{
	int listener = listen_here();

	close(listener); /* the socket's file stays: a daemon that was killed */
	open_code(-ECONNREFUSED, "systemctl start pgmoatd");
	unlink(socket_path);
	open_code(-ENOENT, "pgmoatd.service");
	remove_folder();
	memset(cli.config.run_dir, 'x', 200);
	struct pgm_cli_client *client = NULL;
	CHECK_INT(pgm_cli_client_open(&cli.config, &client, NULL), -ENAMETOOLONG);
}

static void no_permission(void)
{
	int status;
	int listener = listen_here();

	if (geteuid() != 0) {
		close(listener);
		remove_folder();
		check_skip("only root can become somebody without rights");
	}
	CHECK_INT(chmod(cli.config.run_dir, 0755), 0);
	CHECK_INT(chmod(socket_path, 0660), 0);
	pid_t pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		struct pgm_cli_client *client;
		struct pgm_error err = {0};
		if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
			_exit(1);
		int result = pgm_cli_client_open(&cli.config, &client, &err);
		_exit(result == -EACCES && strstr(err.hint, "group pgmoat") ? 0 : 2);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	close(listener);
	remove_folder();
}

CHECK_MAIN(CASE(parts_progress_and_the_end), CASE(kinds_become_exit_codes), CASE(what_no_daemon_would_send),
           CASE(an_early_no_is_heard), CASE(largest_frame), CASE(nobody_there), CASE(no_permission))
