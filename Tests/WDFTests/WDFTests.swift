// WDFTests
