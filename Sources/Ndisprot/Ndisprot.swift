// Ndisprot
