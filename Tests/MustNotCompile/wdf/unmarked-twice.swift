// T75: a mark taken back twice
// error: consumed more than once
import WDF

func unmarksTwice(_ token: consuming CancelableRequest) {
  _ = token.unmark()
  _ = token.unmark()
}
