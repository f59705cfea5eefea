// NdisprotControlTests
