/* The requests in the layout of NDIS 5: {Oid, Data} without a port, under the names of that time. The calls of a
 * file that includes this one are translated on their way; protuser.h, included before, keeps the other layout. */
#ifndef NDISPROT_NUIOUSER_H
#define NDISPROT_NUIOUSER_H
#ifndef NDISPROT_PROTUSER_H
#define NDISPROT_PROTUSER_H
#include "ndisprot-binding.h"
typedef struct _NDISPROT_QUERY_OID {
  NDIS_OID Oid;
  UCHAR Data[sizeof(ULONG)];
} NDISPROT_QUERY_OID, *PNDISPROT_QUERY_OID;
typedef struct _NDISPROT_SET_OID {
  NDIS_OID Oid;
  UCHAR Data[sizeof(ULONG)];
} NDISPROT_SET_OID, *PNDISPROT_SET_OID;
#undef DeviceIoControl
#define DeviceIoControl ndisprot_DeviceIoControlNdis5
#endif
#define IOCTL_NDISUIO_OPEN_DEVICE IOCTL_NDISPROT_OPEN_DEVICE
#define IOCTL_NDISUIO_QUERY_OID_VALUE IOCTL_NDISPROT_QUERY_OID_VALUE
#define IOCTL_NDISUIO_QUERY_BINDING IOCTL_NDISPROT_QUERY_BINDING
#define IOCTL_NDISUIO_BIND_WAIT IOCTL_NDISPROT_BIND_WAIT
#define IOCTL_NDISUIO_SET_OID_VALUE IOCTL_NDISPROT_SET_OID_VALUE
#define NDISUIO_QUERY_OID NDISPROT_QUERY_OID
#define PNDISUIO_QUERY_OID PNDISPROT_QUERY_OID
#define NDISUIO_SET_OID NDISPROT_SET_OID
#define PNDISUIO_SET_OID PNDISPROT_SET_OID
#define NDISUIO_QUERY_BINDING NDISPROT_QUERY_BINDING
#define PNDISUIO_QUERY_BINDING PNDISPROT_QUERY_BINDING
#endif
