/* SPDX-License-Identifier: Apache-2.0 */
/* A private world for one test program: own mounts with an own bpffs, own network, own scratch folder. */
#ifndef PGM_TESTS_SANDBOX_H
#define PGM_TESTS_SANDBOX_H

/* Enters new mount and network namespaces, mounts a fresh bpffs on /sys/fs/bpf and a tmpfs on /run, brings lo up.
 * Exits with a message if that is impossible. Call before any thread is started. */
void sandbox_enter(void);

/* A fresh folder, removed at exit. */
const char *sandbox_folder(void);

/* Runs a shell command; the case fails if it does. */
void sandbox_sh(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
