// T75: a context kept beyond its body
// error: cannot be consumed
import WDF

struct Handle: ~Copyable, Sendable {}

func takesContext(_ object: Ref<General>) throws(WdfError) -> Handle {
  try object.withContext(Handle.self) { handle throws(WdfError) in handle }
}
