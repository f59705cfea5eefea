// T75: what a wait lock guards, kept outside of it
// error: 'inout sending' parameter '$0' cannot be task-isolated at end of function
import WDF

final class Counter { var value = 0 }

func keeps(_ lock: WaitLock<Counter>) throws -> Counter? {
  var kept: Counter?
  try lock.withLock { kept = $0 }
  return kept
}
