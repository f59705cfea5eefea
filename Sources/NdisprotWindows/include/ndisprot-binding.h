/* What both layouts have in common; for protuser.h and nuiouser.h. */
#ifndef NDISPROT_BINDING_H
#define NDISPROT_BINDING_H
#include "windows.h"
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
