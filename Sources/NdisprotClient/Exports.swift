// One import is enough for a program: it includes the terms of the protocol, the adapter and the
// frame.
@_exported public import MDL
@_exported public import NDIS
@_exported public import NdisprotControl

@_exported public import struct Platform.SystemError
