/* Included in pairs, again and again: no guard. */
#pragma pack(push, 1)
