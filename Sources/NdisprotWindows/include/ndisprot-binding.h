/* What both layouts have in common; for protuser.h and nuiouser.h. */
#ifndef NDISPROT_BINDING_H
#define NDISPROT_BINDING_H
#include "ntddndis.h"
#include "winioctl.h"
#include "windows.h"

#define NDISPROT_REQUEST_(function) \
  CTL_CODE(FILE_DEVICE_NETWORK, function, METHOD_BUFFERED, FILE_READ_ACCESS | FILE_WRITE_ACCESS)
#define IOCTL_NDISPROT_OPEN_DEVICE NDISPROT_REQUEST_(0x200)
#define IOCTL_NDISPROT_QUERY_OID_VALUE NDISPROT_REQUEST_(0x201)
/* 0x202 is not assigned: the daemon answers STATUS_NOT_SUPPORTED. */
#define IOCTL_NDISPROT_QUERY_BINDING NDISPROT_REQUEST_(0x203)
#define IOCTL_NDISPROT_BIND_WAIT NDISPROT_REQUEST_(0x204)
#define IOCTL_NDISPROT_SET_OID_VALUE NDISPROT_REQUEST_(0x205)
#define IOCTL_NDISPROT_INDICATE_STATUS NDISPROT_REQUEST_(0x206)

/* 20 bytes; offsets from the start of the structure, UTF-16 text, lengths in bytes. */
typedef struct _NDISPROT_QUERY_BINDING {
  ULONG BindingIndex;
  ULONG DeviceNameOffset;
  ULONG DeviceNameLength;
  ULONG DeviceDescrOffset;
  ULONG DeviceDescrLength;
} NDISPROT_QUERY_BINDING, *PNDISPROT_QUERY_BINDING;
typedef struct _NDISPROT_INDICATE_STATUS {
  ULONG IndicatedStatus;
  ULONG StatusBufferOffset;
  ULONG StatusBufferLength;
} NDISPROT_INDICATE_STATUS, *PNDISPROT_INDICATE_STATUS;
#endif
