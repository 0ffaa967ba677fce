/* SPDX-License-Identifier: Apache-2.0 */
/* The generated skeleton, which does not compile under our warnings; as a system header it would escape make's notice.
 */
#ifndef PGM_GATE_SKELETON_H
#define PGM_GATE_SKELETON_H

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include "gate.skel.h"
#pragma GCC diagnostic pop

#endif
