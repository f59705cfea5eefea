// T75: a request looked at after it was forwarded
// error: used after consume
import WDF

func looksAfterForward(_ request: consuming OwnedRequest, _ queue: Ref<Queue>) -> UInt64 {
  let handOff = request.forward(to: queue)
  _ = consume handOff
  return request.id
}
