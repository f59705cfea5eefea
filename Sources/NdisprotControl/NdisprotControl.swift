// NdisprotControl
