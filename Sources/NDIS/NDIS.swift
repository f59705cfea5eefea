// NDIS
