// NdisprotClient
