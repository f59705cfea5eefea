// T75: an await with a lock held
// error: no exact matches in call to instance method 'withLock'
import WDF

func later() async {}

func awaitsInLock(_ lock: WaitLock<Int>) async throws {
  try await lock.withLock { _ in await later() }
}
