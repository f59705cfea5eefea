// T75: pins taken by hand
// error: inaccessible due to 'internal' protection level
import WDF

func pins(_ object: Ref<General>) { _ = object.core }
