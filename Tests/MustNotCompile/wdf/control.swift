// T75: what the other files of this folder do wrong, done right
import WDF

func completes(_ request: consuming OwnedRequest) { request.complete(.success) }

func unmarks(_ request: consuming OwnedRequest) {
  switch request.markCancelable({ $0.complete(.cancelled) }) {
  case .marked(let token):
    if case .reclaimed(let request) = token.unmark() { request.complete(.success) }
  case .alreadyCancelled(let request): request.complete(.cancelled)
  }
}

func deletes(_ owned: consuming Owned<General>) throws(WdfError) { try owned.delete() }

func locks(_ lock: WaitLock<Int>) throws(WdfError) { try lock.withLock { $0 += 1 } }

enum MailboxError: Error { case full }

func throwsItsOwn(_ driver: Ref<Driver>, _ lock: WaitLock<[Int]>) throws {
  try driver.withContext(Int.self) { count in if count > 3 { throw MailboxError.full } }
  try lock.withLock { list in
    list.append(1)
    if list.count > 3 { throw MailboxError.full }
  }
}
