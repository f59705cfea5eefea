import Glibc

/// Waits until a condition holds, at most five seconds; false if it did not in time.
public func eventually(_ condition: () -> Bool) -> Bool {
  for _ in 0..<10_000 {
    if condition() { return true }
    usleep(500)
  }
  return condition()
}
