// T75: a value that its owner still has, put behind a wait lock
// error: 'inout sending' parameter '$0' cannot be task-isolated at end of function
import WDF

final class Counter { var value = 0 }

func carries(_ lock: WaitLock<Counter>, _ own: Counter) throws { try lock.withLock { $0 = own } }
