internal import Platform

/// A closure as the handler of a descriptor.
final class Handler: EventHandler {
  private let body: () -> Void

  init(_ body: @escaping () -> Void) { self.body = body }

  func ready(_ events: Interest) { body() }
}
