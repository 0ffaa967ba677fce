/* SPDX-License-Identifier: Apache-2.0 */
/* The benchmark's generated skeleton, which does not compile under our warnings. */
#ifndef PGM_BENCH_SKELETON_H
#define PGM_BENCH_SKELETON_H

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include "bench.skel.h"
#pragma GCC diagnostic pop

#endif
