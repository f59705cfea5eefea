// T75: a request completed after it was marked cancelable
// error: consumed more than once
import WDF

func completesAfterMark(_ request: consuming OwnedRequest) {
  let outcome = request.markCancelable { $0.complete(.cancelled) }
  request.complete(.success)
  _ = consume outcome
}
