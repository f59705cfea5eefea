// T75: a request completed twice
// error: consumed more than once
import WDF

func completesTwice(_ request: consuming OwnedRequest) {
  request.complete(.success)
  request.complete(.success)
}
