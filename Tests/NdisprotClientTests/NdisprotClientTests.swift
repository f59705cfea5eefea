// NdisprotClientTests
