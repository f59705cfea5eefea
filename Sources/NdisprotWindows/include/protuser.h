/* The sample's requests and what they carry, in the layout of NDIS 6.x. */
#ifndef NDISPROT_PROTUSER_H
#define NDISPROT_PROTUSER_H
#include "ntddndis.h"
#include "winioctl.h"

#define NDISPROT_REQUEST_(function) \
  CTL_CODE(FILE_DEVICE_NETWORK, function, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
#define IOCTL_NDISPROT_OPEN_DEVICE NDISPROT_REQUEST_(0x200)
#define IOCTL_NDISPROT_QUERY_OID_VALUE NDISPROT_REQUEST_(0x201)
/* 0x202 is not assigned: the daemon answers STATUS_NOT_SUPPORTED. */
#define IOCTL_NDISPROT_QUERY_BINDING NDISPROT_REQUEST_(0x203)
#define IOCTL_NDISPROT_BIND_WAIT NDISPROT_REQUEST_(0x204)
#define IOCTL_NDISPROT_SET_OID_VALUE NDISPROT_REQUEST_(0x205)
#define IOCTL_NDISPROT_INDICATE_STATUS NDISPROT_REQUEST_(0x206)

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
#include "ndisprot-binding.h"
#endif
