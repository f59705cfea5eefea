// T75: what a wait lock guards, returned from it
// error: does not conform to the 'Sendable' protocol
import WDF

final class Counter { var value = 0 }

func leaks(_ lock: WaitLock<Counter>) throws -> Counter { try lock.withLock { $0 } }
