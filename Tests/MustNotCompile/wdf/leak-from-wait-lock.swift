// T75: what a wait lock guards, returned from it
// error: requires that 'Counter' conform to 'Sendable'
import WDF

final class Counter { var value = 0 }

func leaks(_ lock: WaitLock<Counter>) throws -> Counter { try lock.withLock { $0 } }
