/* The sample's requests and what they carry, in the layout of NDIS 6.x. */
#ifndef NDISPROT_PROTUSER_H
#define NDISPROT_PROTUSER_H
#include "ndisprot-binding.h"

/* 12 bytes; the value begins at 8 and goes on behind the structure. */
typedef struct _NDISPROT_QUERY_OID {
  NDIS_OID Oid;
  NDIS_PORT_NUMBER PortNumber;
  UCHAR Data[sizeof(ULONG)];
} NDISPROT_QUERY_OID, *PNDISPROT_QUERY_OID;
typedef struct _NDISPROT_SET_OID {
  NDIS_OID Oid;
  NDIS_PORT_NUMBER PortNumber;
  UCHAR Data[sizeof(ULONG)];
} NDISPROT_SET_OID, *PNDISPROT_SET_OID;
#endif
