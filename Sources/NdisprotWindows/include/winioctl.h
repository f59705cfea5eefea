#ifndef NDISPROT_WINIOCTL_H
#define NDISPROT_WINIOCTL_H
#include "windows.h"
/* [device 16][access 2][function 12][method 2] */
#define CTL_CODE(device, function, method, access) \
  (((ULONG)(device) << 16) | ((ULONG)(access) << 14) | ((ULONG)(function) << 2) | (ULONG)(method))
#define FILE_DEVICE_NETWORK 0x00000012
#define METHOD_BUFFERED 0
#define METHOD_IN_DIRECT 1
#define METHOD_OUT_DIRECT 2
#define METHOD_NEITHER 3
#define FILE_ANY_ACCESS 0
#define FILE_READ_ACCESS 1
#define FILE_WRITE_ACCESS 2
#endif
