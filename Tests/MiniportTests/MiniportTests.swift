// MiniportTests
