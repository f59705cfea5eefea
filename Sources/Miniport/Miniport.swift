// Miniport
