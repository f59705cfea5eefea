// MDLTests
