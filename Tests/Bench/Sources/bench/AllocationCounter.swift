internal import FoundationEssentials

/// The preloaded library that counts a process's heap allocations, and the file it counts in.
struct AllocationCounter {
  let library: String
  let path: String

  /// Makes the file, which whoever runs with the library may write.
  init(library: String, path: String) throws(BenchError) {
    guard FileManager.default.fileExists(atPath: library) else {
      throw .missing("no counter at \(library)")
    }
    try TextFile.write(String(repeating: "\0", count: 8), to: path)
    self.library = library
    self.path = path
  }

  /// Words for `env`.
  var environment: [String] {
    ["LD_PRELOAD=\(library)", "NDISPROT_BENCH_ALLOCATIONS=\(path)"]
  }

  /// Allocations so far.
  var count: Double {
    let bytes = FileManager.default.contents(atPath: path) ?? Data()
    return Double(bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }
}
