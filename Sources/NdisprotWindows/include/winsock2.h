#ifndef NDISPROT_WINSOCK2_H
#define NDISPROT_WINSOCK2_H
#include <arpa/inet.h> /* htons and its like are all that these programs want of it */
#include "windows.h"
#endif
