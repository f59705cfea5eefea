// T75: an object with two owners
// error: consumed more than once
import WDF

func hasTwoOwners(_ owned: consuming Owned<General>) -> (Int, Int) {
  func keep(_ owned: consuming Owned<General>) -> Int { owned.ref.id.hashValue }
  return (keep(owned), keep(owned))
}
