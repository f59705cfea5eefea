// WDF
