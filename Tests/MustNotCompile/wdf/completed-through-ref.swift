// T75: a request completed through a handle
// error: has no member 'complete'
import WDF

func completesThroughRef(_ request: Ref<Request>, _ found: FoundRequest) {
  request.complete(.success)
  found.complete(.success)
}
