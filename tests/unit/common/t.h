/* SPDX-License-Identifier: MIT */
/* What every cmocka test of the suite includes, in the order it wants. */
#ifndef MICELIO_TEST_T_H
#define MICELIO_TEST_T_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
