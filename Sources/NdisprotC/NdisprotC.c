// The header is all of this target: NdisprotLibrary implements it.
#include "ndisprot.h"
