#include "selftest.h"
const struct test stream_tests[] = { { 0 } };
