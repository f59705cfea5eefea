// NdisprotServer
