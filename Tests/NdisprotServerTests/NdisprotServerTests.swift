// NdisprotServerTests
