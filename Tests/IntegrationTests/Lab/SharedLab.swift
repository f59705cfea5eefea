import Testing

/// One lab for all tests of a suite: tables of bad input need one daemon, not hundreds.
struct SharedLab: SuiteTrait, TestScoping {
  /// The lab of the suite that runs.
  @TaskLocal static var current: Lab?

  func provideScope(
    for test: Test, testCase: Test.Case?,
    performing function: @concurrent @Sendable () async throws -> Void
  ) async throws {
    let lab = try Lab()
    let result: Result<Void, any Error>
    do {
      result = .success(try await SharedLab.$current.withValue(lab) { try await function() })
    } catch {
      result = .failure(error)
    }
    if case .success = result { try lab.checkConservation() }
    #expect(try lab.end() == 0, "ndisprotd did not end as it should")
    try result.get()
  }
}

extension Trait where Self == SharedLab {
  /// Gives the suite a lab of its own.
  static var sharedLab: Self { SharedLab() }
}
