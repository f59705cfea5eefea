// NDISTests
