/* As much of the Windows API as programs of NDISPROT use. Made from public facts: names, numbers, layouts. */
#ifndef NDISPROT_WINDOWS_H
#define NDISPROT_WINDOWS_H
#include "ndisprot-win32.h"
#include "winerror.h"
#endif
