internal import Platform

/// A closure that handles a descriptor's events.
final class Handler: EventHandler {
  private let body: () -> Void

  init(_ body: @escaping () -> Void) { self.body = body }

  func ready(_ events: Interest) { body() }
}
