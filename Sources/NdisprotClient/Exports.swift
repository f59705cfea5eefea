// One import is enough for a program: the words of the protocol, of the adapter and of a frame.
@_exported public import MDL
@_exported public import NDIS
@_exported public import NdisprotControl

@_exported public import struct Platform.SystemError
