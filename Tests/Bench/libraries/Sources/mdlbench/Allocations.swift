internal import CMeasure
internal import Glibc
internal import MDL

/// Test T50: 1,000 rounds of each operation ask for no heap memory; a control round must be seen.
enum Allocations {
  static func check() throws -> Bool {
    var results = try chains()
    var control = 0
    let seen = count { control &+= MDLBuffer(byteCount: 16).byteCount }
    results.append(("control, one buffer a round, is counted", seen >= 1_000))
    results.append(("T31: a wiped buffer is zero when it is freed", wipedAtRelease()))
    for (name, passed) in results {
      let id = name.hasPrefix("T31") ? "mdl " : "mdl T50: "
      print("\(passed ? "✔" : "✘") Test \"\(id)\(name)\" \(passed ? "passed" : "failed").")
    }
    return results.allSatisfy(\.passed)
  }

  private typealias Result = (name: String, passed: Bool)

  private static func none(_ name: String, _ round: () -> Void) -> Result {
    let count = count(round)
    return ("\(name): \(count) allocations in 1,000 rounds", count == 0)
  }

  private static func count(_ round: () -> Void) -> UInt64 {
    round()
    let before = measure_allocation_count()
    for _ in 0..<1_000 { round() }
    return measure_allocation_count() - before
  }

  private static func chains() throws -> [Result] {
    let memory = [UInt8](repeating: 0x81, count: 4096)
    let bytes = memory.span.bytes
    var builder = MDLChainBuilder<16>()
    for index in 0..<16 { try builder.append(bytes.extracting(index * 100..<index * 100 + 100)) }
    let chain = builder.chain
    var buffer = MDLBuffer(byteCount: 4096)
    var sum = 0
    return [
      none("build a chain, parse a header") {
        try? buildEight(bytes, &sum)
        header(chain.span, &sum)
      },
      none("iterate") { iterate(chain, &sum) },
      none("compare") { equal(chain, chain, &sum) },
      none("refuse") { refuse(chain, &sum) },
      none("copy to a flat run") {
        var out = buffer.mutableBytes
        read(chain, 1_600, into: &out)
      },
      none("zero, wipe, fill and copy a chain") { write(chain.span, to: &buffer) },
      none("export iovec") {
        var vectors = InlineArray<16, iovec>(repeating: iovec())
        var out = vectors.mutableSpan
        sum &+= chain.span.exportIOVectors(into: &out).count
      },
    ]
  }

  private static func write(_ source: MDLSpan, to buffer: inout MDLBuffer) {
    do throws(MDLError) {
      var rest = buffer.mutableBytes
      var builder = MutableMDLChainBuilder<4>()
      try builder.append(rest.splitFirst(700))
      try builder.append(rest.splitFirst(0))
      try builder.append(rest.splitFirst(1_000))
      var chain = builder.mutableChain
      var span = try chain.span(from: 10, byteCount: 1_500)
      span.zeroBytes()
      span.zeroBytes(.secure)
      span.fillBytes(with: 3)
      try span.copyBytes(from: source.extracting(first: 1_500))
    } catch { unexpected(error) }
  }

  /// Test T31: the block is looked at by the `free` that releases it.
  private static func wipedAtRelease() -> Bool {
    release(wipe: true)
    let wiped = measure_watched_was_zero()
    release(wipe: false)
    let kept = measure_watched_was_zero()
    return wiped == 1 && kept == 0
  }

  @inline(never)
  private static func release(wipe: Bool) {
    var buffer = MDLBuffer(byteCount: 4096, wipeOnFree: wipe)
    var span = MutableMDLSpan(buffer.mutableBytes)
    span.fillBytes(with: 0x5A)
    buffer.withBytes { $0.withUnsafeBytes { measure_watch($0.baseAddress, $0.count) } }
  }
}
