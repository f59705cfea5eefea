/* Included in pairs, again and again: no guard. */
#pragma pack(pop)
