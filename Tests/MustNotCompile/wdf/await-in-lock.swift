// T75: an await with a lock held
// error: cannot pass function of type '(inout sending Int) async -> ()' to parameter expecting synchronous function type
import WDF

func later() async {}

func awaitsInLock(_ lock: WaitLock<Int>) async throws {
  try await lock.withLock { _ in await later() }
}
