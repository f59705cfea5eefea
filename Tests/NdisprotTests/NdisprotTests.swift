// NdisprotTests
