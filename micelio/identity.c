/* SPDX-License-Identifier: MIT */
/*
 * The node's two key pairs and their files (wire-v1 1.1).  Secrets go from
 * the file straight into secret memory, and from there into a file; nowhere
 * else.
 */
#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "errtext.h"
#include "file.h"
#include "identity.h"
#include "keymem.h"
#include "keypem.h"
#include "log.h"
#include "nodeid.h"

#define IDENTITY_DIR	"identity"
#define NODE_KEY	"node.key"
#define NODE_PUB	"node.pub"
#define HOST_KEY	"ssh_host_ed25519_key"
#define HOST_PUB	"ssh_host_ed25519_key.pub"
#define SSH_ED25519	"ssh-ed25519"
#define SSH_BLOB_LEN	(4 + sizeof(SSH_ED25519) - 1 + 4 + 32)

/* The files of one key pair. */
struct keyfile {
	int		 dirfd;
	const char	*dir;		/* the directory, for people */
	const char	*key, *pub;
	bool		 comment;	/* ends the .pub line with a word */
	bool		 credential;	/* handed over by systemd */
};

static int	open_dir(int, const char *, bool, char *);
static bool	credential(struct keyfile *, int, const char *);
static int	key_load(const struct keyfile *, bool, struct secret **,
    bool *, char *);
static int	key_read(const struct keyfile *, struct secret *, char *,
    char *);
static int	key_bad(const struct keyfile *, const char *, char *);
static int	key_make(const struct keyfile *, struct secret *, char *,
    char *);
static void	pub_mend(const struct keyfile *, const uint8_t[32]);
static void	secret_derive(struct secret *);

int
identity_load(struct identity *id, int datadir_fd, const char *path,
    const char *creds, bool create, char err[ERR_MAX])
{
	char dir[300], file[330];
	struct keyfile node = { -1, dir, NODE_KEY, NODE_PUB, false, false };
	struct keyfile host = { -1, dir, HOST_KEY, HOST_PUB, true, false };
	struct keyfile node_from, host_from;
	bool made = false, host_made = false;
	int rc, credfd = -1;

	memset(id, 0, sizeof(*id));
	snprintf(dir, sizeof(dir), "%.250s/" IDENTITY_DIR, path);
	if ((rc = open_dir(datadir_fd, path, create, err)) < 0)
		return -rc;
	node.dirfd = host.dirfd = rc;
	node_from = node;
	host_from = host;
	if (creds != NULL && creds[0] == '/')
		credfd = open(creds, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = key_load(&node_from, !credential(&node_from, credfd, creds) &&
	    create, &id->node, &made, err);
	if (rc == 0)
		rc = key_load(&host_from, !credential(&host_from, credfd,
		    creds) && create, &id->host, &host_made, err);
	if (rc == 0) {
		identity_derive(id);
		if (create) {
			pub_mend(&node, id->ed25519_pub);
			pub_mend(&host, id->hostkey_pub);
		}
		if (made) {
			snprintf(file, sizeof(file), "%s/" NODE_KEY, dir);
			log_event(EV_IDENTITY_CREATED, LF_ID("node", &id->id),
			    LF_STR("file", file));
		}
	}
	close(node.dirfd);
	if (credfd != -1)
		close(credfd);
	if (rc != 0)
		identity_free(id);
	return rc;
}

/* Take the key from there if it is there. */
static bool
credential(struct keyfile *f, int dirfd, const char *dir)
{
	struct stat st;

	if (dirfd == -1 || (fstatat(dirfd, f->key, &st, 0) == -1 &&
	    errno == ENOENT))
		return false;
	f->dirfd = dirfd;
	f->dir = dir;
	f->credential = true;
	return true;
}

void
identity_free(struct identity *id)
{
	if (id->node != NULL)
		keymem_free(id->node, sizeof(*id->node));
	if (id->host != NULL)
		keymem_free(id->host, sizeof(*id->host));
	id->node = id->host = NULL;
}

/* A descriptor, or a negated exit status. */
static int
open_dir(int datadir_fd, const char *path, bool create, char *err)
{
	struct stat st;
	int fd;

	fd = openat(datadir_fd, IDENTITY_DIR,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT && create &&
	    mkdirat(datadir_fd, IDENTITY_DIR, 0700) == 0)
		fd = openat(datadir_fd, IDENTITY_DIR,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT && !create) {
		snprintf(err, ERR_MAX, "%.300s: no identity yet; it is made "
		    "by the first start", path);
		return -1;
	}
	if (fd == -1 || fstat(fd, &st) == -1)
		return -file_failed(err, path, IDENTITY_DIR, errno);
	if ((st.st_mode & 022) != 0) {
		snprintf(err, ERR_MAX, "%.300s/" IDENTITY_DIR ": mode %04o "
		    "lets others write to it; type: chmod 700 %.300s/"
		    IDENTITY_DIR, path, (unsigned int)st.st_mode & 07777,
		    path);
		close(fd);
		return -EX_NOPERM;
	}
	return fd;
}

static int
key_load(const struct keyfile *f, bool create, struct secret **out,
    bool *made, char *err)
{
	char *scratch = keymem_alloc(KEYPEM_FILE_MAX);
	struct secret *s = keymem_alloc(sizeof(*s));
	int rc;

	*made = false;
	if (scratch == NULL || s == NULL) {
		snprintf(err, ERR_MAX, "no memory that can be kept secret: "
		    "%s; raise the limit of locked memory (ulimit -l, "
		    "LimitMEMLOCK)", strerror(errno));
		rc = EX_OSERR;
	} else if ((rc = key_read(f, s, scratch, err)) == -1) {
		if (create) {
			rc = key_make(f, s, scratch, err);
			*made = rc == 0;
		} else {
			snprintf(err, ERR_MAX, "%.300s/%s: not there yet; it "
			    "is made by the first start", f->dir, f->key);
			rc = 1;
		}
	}
	if (scratch != NULL)
		keymem_free(scratch, KEYPEM_FILE_MAX);
	if (rc != 0) {
		if (s != NULL)
			keymem_free(s, sizeof(*s));
		return rc;
	}
	secret_derive(s);
	*out = s;
	return 0;
}

static int
key_bad(const struct keyfile *f, const char *why, char *err)
{
	snprintf(err, ERR_MAX, "%.300s/%s: %s; want an unencrypted PKCS#8 "
	    "Ed25519 key in PEM; put back a copy of it, or move it away: a "
	    "new one is made then (%s)", f->dir, f->key, why,
	    strcmp(f->key, NODE_KEY) == 0 ? "to all others this is another "
	    "node then" : "ssh warns everybody of another key then");
	return EX_DATAERR;
}

/* -1: no such file.  Anything else that is wrong never makes a new key. */
static int
key_read(const struct keyfile *f, struct secret *s, char *scratch, char *err)
{
	const char *why;
	struct stat st;
	ssize_t n;

	n = file_read(f->dirfd, f->key, scratch, KEYPEM_FILE_MAX, &st);
	if (n == -1 && errno == ENOENT)
		return -1;
	if (n == -1 && errno != EFBIG)
		return file_failed(err, f->dir, f->key, errno);
	if (n == -1)
		return key_bad(f, "longer than a key file can be", err);
	/* systemd may grant its service by an ACL: the group's bits then. */
	if ((st.st_mode & (f->credential ? 037 : 077)) != 0) {
		snprintf(err, ERR_MAX, "%.200s/%s: mode %04o lets others than "
		    "its owner at the private key; type: chmod 600 %.200s/%s",
		    f->dir, f->key, (unsigned int)st.st_mode & 07777, f->dir,
		    f->key);
		return EX_NOPERM;
	}
	return keypem_read(scratch, (size_t)n, s->seed, &why) ? 0 :
	    key_bad(f, why, err);
}

static int
key_make(const struct keyfile *f, struct secret *s, char *scratch, char *err)
{
	if (getrandom(s->seed, 32, 0) != 32) {
		snprintf(err, ERR_MAX, "no randomness: %s", strerror(errno));
		return EX_OSERR;
	}
	keypem_write(s->seed, scratch);
	if (file_write_atomic(f->dirfd, f->key, scratch, KEYPEM_LEN, 0600))
		return 0;
	return file_failed(err, f->dir, f->key, errno);
}

/* Everything else of a secret from its seed. */
static void
secret_derive(struct secret *s)
{
	uint8_t pub[32];

	crypto_sign_seed_keypair(pub, s->ed25519, s->seed);
	/* wire-v1 1.4: the scalar Ed25519 itself uses. */
	crypto_hash_sha512(s->hash, s->seed, sizeof(s->seed));
	memcpy(s->x25519, s->hash, sizeof(s->x25519));
	sodium_memzero(s->hash, sizeof(s->hash));
}

void
identity_derive(struct identity *id)
{
	memcpy(id->ed25519_pub, id->node->ed25519 + 32, 32);
	memcpy(id->hostkey_pub, id->host->ed25519 + 32, 32);
	crypto_scalarmult_curve25519_base(id->x25519_pub, id->node->x25519);
	nodeid_from_pubkey(&id->id, id->ed25519_pub);
	nodeid_hex(&id->id, id->id_hex);
}

static void
ssh_blob(const uint8_t pub[32], uint8_t out[SSH_BLOB_LEN])
{
	const size_t n = sizeof(SSH_ED25519) - 1;

	memset(out, 0, SSH_BLOB_LEN);
	out[3] = (uint8_t)n;
	memcpy(out + 4, SSH_ED25519, n);
	out[4 + n + 3] = 32;
	memcpy(out + 4 + n + 4, pub, 32);
}

char *
ssh_public_line(const uint8_t pub[32], char out[SSH_PUB_MAX])
{
	uint8_t blob[SSH_BLOB_LEN];
	char b64[96];

	ssh_blob(pub, blob);
	sodium_bin2base64(b64, sizeof(b64), blob, sizeof(blob),
	    sodium_base64_VARIANT_ORIGINAL);
	snprintf(out, SSH_PUB_MAX, SSH_ED25519 " %s", b64);
	return out;
}

char *
ssh_fingerprint(const uint8_t pub[32], char out[SSH_FP_MAX])
{
	uint8_t blob[SSH_BLOB_LEN], hash[32];
	char b64[48];

	ssh_blob(pub, blob);
	crypto_hash_sha256(hash, blob, sizeof(blob));
	sodium_bin2base64(b64, sizeof(b64), hash, sizeof(hash),
	    sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	snprintf(out, SSH_FP_MAX, "SHA256:%s", b64);
	return out;
}

/* Written when it is not what it should be; the node can do without it. */
static void
pub_mend(const struct keyfile *f, const uint8_t pub[32])
{
	char line[SSH_PUB_MAX + 16], want[SSH_PUB_MAX], have[SSH_PUB_MAX + 16];
	ssize_t n, len;

	len = snprintf(line, sizeof(line), "%s%s\n",
	    ssh_public_line(pub, want), f->comment ? " micelio" : "");
	n = file_read(f->dirfd, f->pub, have, sizeof(have), NULL);
	if (n == len && memcmp(have, line, (size_t)n) == 0)
		return;
	if (!file_write_atomic(f->dirfd, f->pub, line, (size_t)len, 0644))
		log_debug("%s/%s: %s", f->dir, f->pub, strerror(errno));
}
